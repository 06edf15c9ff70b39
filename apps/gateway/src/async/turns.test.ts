import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Taker, Turns } from './turns.ts'

class Lane implements Taker {
  readonly tenant: string
  readonly name: string
  places = 0
  waiting: number

  constructor(name: string, waiting: number) {
    this.name = name
    this.tenant = name.split('.')[0] ?? ''
    this.waiting = waiting
  }

  isReady(): boolean {
    return this.waiting > 0
  }
}

/** Gives out places until there is nobody for whom there is one. */
const fill = (turns: Turns<Lane>): string[] => {
  const given: string[] = []
  for (let lane = turns.next(); lane; lane = turns.next()) {
    lane.places += 1
    lane.waiting -= 1
    given.push(lane.name)
    turns.offer(lane)
  }
  return given
}

const end = (turns: Turns<Lane>, lane: Lane): void => {
  lane.places -= 1
  turns.leave(lane)
  turns.offer(lane)
}

describe('turns', () => {
  test('one tenant’s million calls leave room for another’s first', () => {
    const turns = new Turns<Lane>(16, 16)
    const flood = new Lane('ada.flood', 1_000_000)
    turns.offer(flood)
    expect(fill(turns)).toHaveLength(8)
    const one = new Lane('eve.one', 1)
    turns.offer(one)
    expect(fill(turns)).toEqual(['eve.one'])
  })

  test('a function whose calls never end leaves room for those of its tenant’s others', () => {
    const turns = new Turns<Lane>(64, 16)
    for (const name of ['ada.hangs', 'ada.hangs-too', 'ada.third']) {
      const lane = new Lane(name, 1_000)
      turns.offer(lane)
      fill(turns)
      expect(lane.places).toBeGreaterThan(0)
    }
  })

  test('places are given in turn', () => {
    const turns = new Turns<Lane>(40, 40)
    for (const name of ['ada.a', 'ada.b', 'eve.a']) turns.offer(new Lane(name, 3))
    expect(fill(turns)).toEqual(['ada.a', 'eve.a', 'ada.b', 'eve.a', 'ada.a', 'eve.a', 'ada.b', 'ada.a', 'ada.b'])
  })

  test('whoever has the most gives back to who has less', () => {
    const turns = new Turns<Lane>(20, 20)
    const [early, late] = [new Lane('ada.a', 1_000), new Lane('eve.a', 1_000)]
    turns.offer(early)
    fill(turns)
    turns.offer(late)
    fill(turns)
    expect(early.places).toBeGreaterThan(late.places)
    for (let n = 0; n < 100; n += 1) {
      const busy = n % 2 === 0 ? early : late
      expect(turns.mayKeep(busy)).toBe(false)
      end(turns, busy)
      fill(turns)
    }
    expect(Math.abs(early.places - late.places)).toBeLessThanOrEqual(1)
  })

  test('a taker alone keeps its place', () => {
    const turns = new Turns<Lane>(4, 4)
    const lane = new Lane('ada.a', 1)
    turns.offer(lane)
    fill(turns)
    expect(turns.mayKeep(lane)).toBe(true)
  })

  test('whatever comes and goes: never too many, never a place idle that somebody could have, none forgotten', () => {
    const names = ['ada.a', 'ada.b', 'ada.c', 'eve.a', 'eve.b', 'bob.a']
    const step = fc.record({ lane: fc.nat(names.length - 1), what: fc.constantFrom('come', 'end', 'end') })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(step),
        (all, own, steps) => {
          const turns = new Turns<Lane>(all, own)
          const lanes = names.map((name) => new Lane(name, 0))
          for (const { lane: n, what } of steps) {
            const lane = lanes[n]
            if (!lane) continue
            if (what === 'come') {
              lane.waiting += 1
              turns.offer(lane)
            } else if (lane.places > 0) {
              end(turns, lane)
            }
            fill(turns)
            const running = lanes.reduce((sum, { places }) => sum + places, 0)
            expect(turns.running).toBe(running)
            expect(running).toBeLessThanOrEqual(all)
            for (const one of lanes.filter(({ waiting }) => waiting > 0)) {
              const ofTenant = lanes
                .filter(({ tenant }) => tenant === one.tenant)
                .reduce((sum, { places }) => sum + places, 0)
              const isShareTaken = ofTenant >= all - running || one.places >= own - ofTenant
              expect(isShareTaken).toBe(true)
            }
          }
        },
      ),
    )
  })
})
