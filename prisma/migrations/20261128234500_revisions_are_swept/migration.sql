-- What `live` has pointed at is kept for rollbacks, the last of them; the others lose what they have on the engine.
ALTER TABLE "revisions"
  ADD COLUMN "deployed_at" TIMESTAMPTZ(3),
  ADD COLUMN "swept_at" TIMESTAMPTZ(3),
  ADD COLUMN "image_gone_at" TIMESTAMPTZ(3);
UPDATE "revisions" SET "deployed_at" = "created_at" WHERE "state" = 'live';
UPDATE "revisions" r SET "deployed_at" = a."moved_at"
  FROM "aliases" a WHERE a."revision_id" = r."id" AND a."name" = 'live';
