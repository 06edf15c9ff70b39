import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ScaleSpec } from '@pushfn/model/function-spec'
import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import { type Curve, day, ramp, sawtooth, spike, step } from './curves.ts'
import { type Simulated, simulate } from './simulate.ts'

/**
 * The simulation as a picture: what comes, what it needs, what runs. `node --conditions=source test/support/scaling/draw.ts`
 * writes it to the docs; `--check` says whether the one that is there is of the present code.
 */
const PICTURE = fileURLToPath(new URL('../../../docs/images/scaling.svg', import.meta.url))

const scale = ScaleSpec.parse({ min: 1, max: 40, target: 10, pauseAfterMs: 60_000, stopAfterMs: 240_000 })
const SERVICE_SECONDS = 0.2
const NEEDED = 'wanted by the calls that come'
const READY = 'serving'
const WAITING = 'wanted by the calls that wait'

const CURVES: readonly [title: string, curve: Curve, seconds: number][] = [
  ['A step: 20, then 400, then 20 calls a second', step, 1_200],
  ['A ramp: one more call a second, every second', ramp, 1_200],
  ['A spike: 1,000 calls a second for ten seconds', spike, 600],
  ['A sawtooth: up to 500, and down at once', sawtooth, 1_500],
  ['A day in 24 minutes', day, 1_440],
]

/** A picture shows no more points than this of a line. */
const POINTS = 200

const rows = (curve: Curve, seconds: number) => {
  const times = { serviceSeconds: SERVICE_SECONDS, startSeconds: 1, wakeSeconds: 0.02 }
  const seen = simulate({ spec: scale, curve, seconds, ...times })
  const each = Math.ceil(seconds / POINTS)
  return Array.from({ length: Math.floor(seconds / each) }, (_, n) => seen.slice(n * each, (n + 1) * each)).flatMap(
    (stretch, n) => {
      // What matters of a stretch is the most of it: a picture must not hide that calls waited.
      const most = (value: (one: Simulated) => number) => Math.round(10 * Math.max(...stretch.map(value))) / 10
      return [
        { second: n * each, series: NEEDED, value: most(({ calls }) => (calls * SERVICE_SECONDS) / scale.target) },
        { second: n * each, series: READY, value: most(({ ready }) => ready) },
        { second: n * each, series: WAITING, value: most(({ waiting }) => waiting / scale.target) },
      ]
    },
  )
}

const picture = (): TopLevelSpec => ({
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  background: 'white',
  padding: 16,
  vconcat: CURVES.map(([title, curve, seconds]) => ({
    title: { text: title, anchor: 'start', fontSize: 13 },
    width: 640,
    height: 110,
    data: { values: rows(curve, seconds) },
    mark: { type: 'line', interpolate: 'step-after', strokeWidth: 1.5 },
    encoding: {
      x: { field: 'second', type: 'quantitative', title: 'seconds', scale: { nice: false } },
      y: { field: 'value', type: 'quantitative', title: 'replicas' },
      color: {
        field: 'series',
        type: 'nominal',
        title: null,
        legend: { orient: 'top', labelLimit: 400 },
        scale: { domain: [NEEDED, READY, WAITING], range: ['#6b7280', '#2563eb', '#dc2626'] },
      },
    },
  })),
  config: { font: 'sans-serif', view: { stroke: '#e5e7eb' }, axis: { grid: true, gridColor: '#f3f4f6' } },
})

const view = new View(parse(compile(picture()).spec), { renderer: 'none' })
const svg = `${await view.toSVG()}\n`
if (process.argv.includes('--check')) {
  if (readFileSync(PICTURE, 'utf8') !== svg) {
    console.error('docs/images/scaling.svg is of older code: run node --conditions=source test/support/scaling/draw.ts')
    process.exitCode = 1
  }
} else {
  writeFileSync(PICTURE, svg)
}
