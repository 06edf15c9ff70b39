-- A revision that answers, and waits for the others of its stack.
ALTER TYPE "DeploymentState" ADD VALUE 'ready' BEFORE 'live';
