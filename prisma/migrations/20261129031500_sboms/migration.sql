-- What images hold: a bill of materials of each, made after its deploy.
ALTER TABLE "image_records" ADD COLUMN "sbom" BYTEA,
    ADD COLUMN "sbom_tries" INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN "sbom_due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
CREATE INDEX "image_records_sbom_due_at_idx" ON "image_records"("sbom_due_at") WHERE "sbom" IS NULL;
