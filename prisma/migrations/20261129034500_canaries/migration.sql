-- A revision that is tried on a part of the calls of what is live.
CREATE TYPE "CanaryState" AS ENUM ('running', 'promoting', 'promoted', 'returned', 'ended');
CREATE TABLE "canaries" (
  "id" UUID NOT NULL,
  "function_id" UUID NOT NULL,
  "running_function_id" UUID,
  "alias_id" UUID,
  "baseline_id" UUID NOT NULL,
  "revision_id" UUID NOT NULL,
  "state" "CanaryState" NOT NULL DEFAULT 'running',
  "is_new" BOOLEAN NOT NULL,
  "weight" INTEGER NOT NULL,
  "steps" JSONB,
  "rules" JSONB NOT NULL,
  "turn" INTEGER NOT NULL DEFAULT 1,
  "turn_at" TIMESTAMPTZ(3),
  "seen" JSONB,
  "reason" TEXT,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "ended_at" TIMESTAMPTZ(3),
  CONSTRAINT "canaries_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "canaries_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "functions"("id") ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "canaries_running_function_id_fkey" FOREIGN KEY ("running_function_id") REFERENCES "functions"("id") ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "canaries_alias_id_fkey" FOREIGN KEY ("alias_id") REFERENCES "aliases"("id") ON DELETE SET NULL ON UPDATE CASCADE,
  CONSTRAINT "canaries_baseline_id_fkey" FOREIGN KEY ("baseline_id") REFERENCES "revisions"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT "canaries_revision_id_fkey" FOREIGN KEY ("revision_id") REFERENCES "revisions"("id") ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "canaries_running_function_id_key" ON "canaries"("running_function_id");
CREATE INDEX "canaries_function_id_idx" ON "canaries"("function_id");
CREATE INDEX "canaries_alias_id_idx" ON "canaries"("alias_id");
CREATE INDEX "canaries_baseline_id_idx" ON "canaries"("baseline_id");
CREATE INDEX "canaries_revision_id_idx" ON "canaries"("revision_id");
