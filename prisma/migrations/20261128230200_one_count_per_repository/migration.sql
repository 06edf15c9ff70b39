-- One count for all that may move functions live, so that a rollback has its place among the pushes.
ALTER TABLE "repositories" ADD COLUMN "sequence" BIGINT NOT NULL DEFAULT 0;
UPDATE "repositories" r SET "sequence" = greatest(
  (SELECT coalesce(max(p."sequence"), 0) FROM "pushes" p WHERE p."repository_id" = r."id"),
  (SELECT coalesce(max(f."sequence"), 0) FROM "refs" f WHERE f."repository_id" = r."id")
);

-- When a push was made, where that is not when it was stored: pins ask for it.
ALTER TABLE "pushes" ADD COLUMN "first_sequence" BIGINT;
