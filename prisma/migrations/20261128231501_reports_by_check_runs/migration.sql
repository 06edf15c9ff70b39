-- Every report may be a check run of its own; until now only the stack had one, and its build knew the id.
ALTER TABLE "reports"
  ADD COLUMN "takes" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "told_take" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "taken_until" TIMESTAMPTZ(3),
  ADD COLUMN "forge_id" TEXT;

-- Builds under way go on with the check run that they have.
UPDATE "reports" SET "forge_id" = b."check_id"
  FROM "builds" b
  WHERE b."id" = "build_id" AND b."check_id" IS NOT NULL AND "context" LIKE '%stack-deploy';

ALTER TABLE "builds" DROP COLUMN "check_id";
