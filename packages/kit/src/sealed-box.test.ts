import { expect, it } from 'vitest'
import { newSealingKey, openBox, sealBox } from './sealed-box.ts'

const PLACE = { tenant: 'acme', function: 'orders', name: 'db-password' }
const value = Buffer.from([0, 255, 10, 13, 128])

it('opens at its own place alone, by its own key alone, and only as it was sealed', async () => {
  const [key, other] = [await newSealingKey(), await newSealingKey()]
  const box = await sealBox(key.publicKey, PLACE, value)
  expect(await openBox(key, PLACE, box)).toEqual({ value })
  for (const place of [
    { ...PLACE, tenant: 'other' },
    { ...PLACE, function: 'other' },
    { ...PLACE, name: 'other' },
  ]) {
    expect(await openBox(key, place, box)).toEqual({ problem: 'elsewhere' })
  }
  expect(await openBox(other, PLACE, box)).toEqual({ problem: 'closed' })
  const bytes = Buffer.from(box, 'base64')
  for (const at of [0, 31, 32, bytes.length - 1]) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(await openBox(key, PLACE, changed.toString('base64'))).toEqual({ problem: 'closed' })
  }
  for (const nonsense of ['', 'AA==', '%', box.slice(0, 60)]) {
    expect(await openBox(key, PLACE, nonsense)).toEqual({ problem: 'closed' })
  }
})

it('the same value twice is two different boxes', async () => {
  const { publicKey } = await newSealingKey()
  expect(await sealBox(publicKey, PLACE, value)).not.toBe(await sealBox(publicKey, PLACE, value))
})
