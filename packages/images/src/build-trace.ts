import protobuf from 'protobufjs'
import { z } from 'zod'

/**
 * What BuildKit tells of a running build, as the engine's `POST /build?version=2` streams it: one JSON object a line, of
 * which `moby.buildkit.trace` holds a protobuf message (moby/buildkit api/services/control/control.proto, the fields used
 * here; https://docs.docker.com/reference/api/engine/ tells nothing of it).
 */
const SCHEMA = `
  syntax = "proto3";
  message Status { repeated Vertex vertexes = 1; repeated Log logs = 3; }
  message Vertex { string digest = 1; string name = 3; bool cached = 4; Time started = 5; Time completed = 6; string error = 7; }
  message Log { string vertex = 1; bytes msg = 4; }
  message Time { int64 seconds = 1; }
`
const Status = protobuf.parse(SCHEMA).root.lookupType('Status')

const Trace = z.object({
  vertexes: z.array(
    z.object({
      digest: z.string(),
      name: z.string(),
      cached: z.boolean(),
      started: z.object({}).nullish(),
      completed: z.object({}).nullish(),
      error: z.string(),
    }),
  ),
  logs: z.array(z.object({ vertex: z.string(), msg: z.instanceof(Uint8Array) })),
})
export type Trace = z.infer<typeof Trace>

/** Decodes a trace's base64. */
export const decodeTrace = (base64: string): Trace => {
  const message = Status.decode(Buffer.from(base64, 'base64'))
  return Trace.parse(Status.toObject(message, { defaults: true }))
}

/** One line of the engine's stream. */
export const BuildLine = z.object({
  id: z.string().optional(),
  aux: z.union([z.string(), z.object({ ID: z.string() })]).optional(),
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string() }).optional(),
})
export type BuildLine = z.infer<typeof BuildLine>
