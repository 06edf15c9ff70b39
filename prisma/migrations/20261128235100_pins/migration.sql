-- A function whose live revision a person chose: what was pushed before does not move it.
CREATE TABLE "pins" (
  "function_id" UUID NOT NULL,
  "sequence" BIGINT NOT NULL,
  "kept_revision_id" UUID,
  "kept_sequence" BIGINT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "pins_pkey" PRIMARY KEY ("function_id"),
  CONSTRAINT "pins_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "functions"("id") ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "pins_kept_revision_id_fkey" FOREIGN KEY ("kept_revision_id") REFERENCES "revisions"("id") ON DELETE SET NULL ON UPDATE CASCADE
);
CREATE INDEX "pins_kept_revision_id_idx" ON "pins"("kept_revision_id");
ALTER TABLE "repositories" ADD COLUMN "pinned_sequence" BIGINT;
ALTER TYPE "DeploymentState" ADD VALUE 'built' BEFORE 'wanted';
