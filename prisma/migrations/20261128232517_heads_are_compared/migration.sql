-- When a repository's deploy branch was last compared with the forge's.
ALTER TABLE "repositories" ADD COLUMN "head_checked_at" TIMESTAMPTZ(3);

-- Pushes that no delivery told of: the ref was found to stand there.
ALTER TABLE "pushes" ADD COLUMN "is_found" BOOLEAN NOT NULL DEFAULT false;
