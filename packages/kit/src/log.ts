import { type Logger, pino } from 'pino'

export type Log = Logger

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

/**
 * JSON lines on stdout: a constant message plus fields. `info` is history, `warn` is degraded, `error` means that
 * somebody must act. Payloads, tokens and environment values do not go in; what could hold one by accident is cut out.
 */
export const createLog = (app: string, level: (typeof LOG_LEVELS)[number]): Log =>
  pino({
    level,
    base: { app },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['*.authorization', '*.cookie', '*.token', '*.password', 'authorization', 'token', 'password'],
      censor: '[secret]',
    },
    serializers: { err: pino.stdSerializers.errWithCause },
  })
