import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CommitQueue } from './commit-queue.ts'
import { openDatabase, type EmbeddedDatabase } from './database.ts'

describe('CommitQueue', () => {
  let folder: string
  let database: EmbeddedDatabase
  let commits: CommitQueue
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'commits-'))
    database = openDatabase(folder)
    database.exec('CREATE TABLE notes (text TEXT UNIQUE)')
    commits = new CommitQueue(database)
  })
  afterEach(() => {
    if (database.open) database.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const write = (text: string) => () => {
    database.prepare('INSERT INTO notes VALUES (?)').run(text)
    return text
  }
  const readAll = () =>
    (database.prepare('SELECT text FROM notes ORDER BY rowid').all() as { text: string }[]).map(
      ({ text }) => text,
    )

  it('gives each its own result, in the order they were asked for', async () => {
    const given = await Promise.all(['a', 'b', 'c'].map((text) => commits.run('durable', write(text))))
    expect(given).toEqual(['a', 'b', 'c'])
    expect(readAll()).toEqual(['a', 'b', 'c'])
  })

  it('writes what is asked for together in one transaction', async () => {
    const seen: boolean[] = []
    const look = () => {
      seen.push(database.inTransaction)
      return database.prepare('SELECT count(*) AS count FROM notes').get() as { count: number }
    }
    await Promise.all([commits.run('durable', write('a')), commits.run('relaxed', look)])
    // The second one sees what the first has not committed yet.
    expect(seen).toEqual([true])
  })

  it('lets one that throws fail alone', async () => {
    await commits.run('durable', write('taken'))
    const settled = await Promise.allSettled(
      ['a', 'taken', 'b'].map((text) => commits.run('durable', write(text))),
    )
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(readAll()).toEqual(['taken', 'a', 'b'])
    expect(database.inTransaction).toBe(false)
  })

  it('waits, without blocking this process, while another holds the database', async () => {
    const other = openDatabase(folder)
    other.exec('BEGIN IMMEDIATE')
    const pending = commits.run('durable', write('late'))
    const order: string[] = []
    void pending.then(() => order.push('written'))
    await new Promise((resolve) => setTimeout(resolve, 30))
    order.push('this process goes on')
    other.exec('COMMIT')
    await pending
    other.close()
    expect(order).toEqual(['this process goes on', 'written'])
  })

  it('fails what is asked of a database that is gone', async () => {
    database.close()
    await expect(commits.run('durable', write('a'))).rejects.toThrow()
  })
})
