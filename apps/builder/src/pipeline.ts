import type { BuilderContext } from './context.ts'
import { endWith } from './ending.ts'
import { openRun, type Run } from './run.ts'
import { inStep } from './step.ts'
import { build } from './steps/build.ts'
import { checkout } from './steps/checkout.ts'
import { plan } from './steps/plan.ts'
import { isBuiltBefore, promote } from './steps/promote.ts'
import { readStack } from './steps/read-stack.ts'
import { release } from './steps/release.ts'
import { report } from './steps/report.ts'
import type { ReleasedFunction } from './tell-released.ts'

/**
 * The walk of a push: every step is named here and nowhere else. A step is one file, knows no other step, and can run
 * twice. A tag whose commit was built before needs no build. What all steps need (state, time, log, cancellation) is `inStep`'s, and this is the only place that catches.
 *
 * A build that cannot be claimed (it ended, or another builder holds it) is left alone. Never throws for what a tenant,
 * a forge or an engine did: that ends the build with a reason, or hands it back to be tried again.
 */
export const runBuild = async (context: BuilderContext, buildId: string): Promise<void> => {
  await using run = await openRun(context, buildId)
  if (!run) return
  try {
    const isThere = await isBuiltBefore(run)
    const released = isThere ? await inStep(run, 'release', () => promote(run)) : await buildAndRelease(run)
    await inStep(run, 'report', () => report(run, released))
  } catch (thrown) {
    await endWith(run, thrown)
  }
}

const buildAndRelease = async (run: Run): Promise<ReleasedFunction[]> => {
  const source = await inStep(run, 'checkout', () => checkout(run))
  const stacks = await inStep(run, 'readStack', () => readStack(run, source))
  const plans = await inStep(run, 'plan', () => plan(run, stacks))
  const images = await inStep(run, 'build', () => build(run, source, plans))
  return inStep(run, 'release', () => release(run, plans, images))
}
