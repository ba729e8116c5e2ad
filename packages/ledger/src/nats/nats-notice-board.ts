import type { NoticeBoard } from '../notice-board.ts'
import type { NatsLink } from './link.ts'

/** Notices as core NATS messages: JSON below `<prefix>.notice.<topic>`, delivered at most once, stored nowhere. */
export function createNatsNoticeBoard(link: NatsLink): NoticeBoard {
  const subjectOf = (topic: string): string => `${link.names.noticeSubject}.${topic}`
  return {
    tell(topic, notice) {
      link.publish(subjectOf(topic), Buffer.from(JSON.stringify(notice)))
    },
    listen(topic, listener) {
      return link.subscribe(subjectOf(topic), (data) => {
        try {
          listener(JSON.parse(Buffer.from(data).toString()))
        } catch (cause) {
          link.emit({ kind: 'unreadable', subject: subjectOf(topic), cause })
        }
      })
    },
  }
}
