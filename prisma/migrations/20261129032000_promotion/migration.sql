-- Builds whose functions wait for a tag or a release, and what each build brought.
ALTER TABLE "builds" ADD COLUMN "is_staged" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "builds" ADD COLUMN "released" JSONB;
CREATE INDEX "pushes_repository_id_sha_idx" ON "pushes"("repository_id", "sha");
