-- The wish moves from the function to its alias `live`, which every function has from now on.
ALTER TABLE "aliases" DROP CONSTRAINT "aliases_pkey";
ALTER TABLE "aliases" DROP CONSTRAINT "aliases_revision_id_fkey";
ALTER TABLE "aliases"
  ADD COLUMN "id" UUID NOT NULL DEFAULT gen_random_uuid(),
  ADD COLUMN "wanted_revision_id" UUID,
  ADD COLUMN "failure" TEXT,
  ADD COLUMN "expires_at" TIMESTAMPTZ(3),
  ADD COLUMN "removed_at" TIMESTAMPTZ(3),
  ALTER COLUMN "revision_id" DROP NOT NULL,
  ALTER COLUMN "sequence" SET DEFAULT 0;
ALTER TABLE "aliases" ALTER COLUMN "id" DROP DEFAULT;
ALTER TABLE "aliases" ADD CONSTRAINT "aliases_pkey" PRIMARY KEY ("id");

INSERT INTO "aliases" ("id", "function_id", "name")
  SELECT gen_random_uuid(), f."id", 'live' FROM "functions" f
  WHERE NOT EXISTS (SELECT FROM "aliases" a WHERE a."function_id" = f."id" AND a."name" = 'live');
UPDATE "aliases" a SET "wanted_revision_id" = f."wanted_revision_id", "sequence" = f."sequence"
  FROM "functions" f WHERE f."id" = a."function_id" AND a."name" = 'live';

ALTER TABLE "functions" DROP CONSTRAINT "functions_wanted_revision_id_fkey";
ALTER TABLE "functions" DROP COLUMN "wanted_revision_id", DROP COLUMN "sequence";

CREATE UNIQUE INDEX "aliases_function_id_name_key" ON "aliases"("function_id", "name");
CREATE INDEX "aliases_revision_id_idx" ON "aliases"("revision_id");
CREATE INDEX "aliases_wanted_revision_id_idx" ON "aliases"("wanted_revision_id");
CREATE INDEX "aliases_expires_at_idx" ON "aliases"("expires_at");
ALTER TABLE "aliases" ADD CONSTRAINT "aliases_revision_id_fkey" FOREIGN KEY ("revision_id") REFERENCES "revisions"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "aliases" ADD CONSTRAINT "aliases_wanted_revision_id_fkey" FOREIGN KEY ("wanted_revision_id") REFERENCES "revisions"("id") ON DELETE SET NULL ON UPDATE CASCADE;
