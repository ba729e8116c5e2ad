import { pino } from 'pino'
import { outliveLog } from '../outlive-log.ts'

/** Logs twice, by pino and by hand, and says that it lives. */
const logger = pino({}, outliveLog(pino.destination(1)))
outliveLog(process.stdout)
for (const wait of [0, 100])
  setTimeout(() => {
    logger.info('a line')
    process.stdout.write('another line\n')
  }, wait)
setTimeout(() => {
  process.stderr.write('alive')
  process.exit(0)
}, 300)
