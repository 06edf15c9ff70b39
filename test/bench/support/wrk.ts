import { outputOf } from './processes.ts'

/** What one run of wrk measured; latencies in milliseconds. */
export interface Measured {
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
  errors: number
}

export interface Load {
  core: number
  connections: number
  seconds: number
  url: string
  host: string
}

/** Runs wrk with one thread on one core. */
export const runWrk = async (load: Load): Promise<Measured> => {
  const { core, connections, seconds, url, host } = load
  const wrk = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-H', `Host: ${host}`, url]
  return parseWrk(await outputOf(['taskset', '-c', String(core), ...wrk]))
}

export const parseWrk = (output: string): Measured => {
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)
  const badAnswers = /Non-2xx or 3xx responses: (\d+)/.exec(output)
  const counted = [...(socketErrors?.slice(1) ?? []), badAnswers?.[1] ?? '0']
  return {
    requestsPerSecond: Number(found(output, /Requests\/sec:\s+([\d.]+)/)),
    p50Ms: milliseconds(found(output, /^\s+50%\s+(\S+)/m)),
    p99Ms: milliseconds(found(output, /^\s+99%\s+(\S+)/m)),
    errors: counted.reduce((sum, count) => sum + Number(count), 0),
  }
}

const found = (output: string, pattern: RegExp): string => {
  const match = pattern.exec(output)?.[1]
  if (match === undefined) throw new Error(`wrk printed no ${pattern.source}:\n${output}`)
  return match
}

const milliseconds = (text: string): number => {
  const value = Number.parseFloat(text)
  if (text.endsWith('us')) return value / 1000
  return text.endsWith('ms') ? value : value * 1000
}
