-- Who asked for a push's build: its own move, somebody by hand, or a build hook.
CREATE TYPE "PushTrigger" AS ENUM ('push', 'deploy', 'hook');
ALTER TABLE "pushes" ADD COLUMN "trigger" "PushTrigger" NOT NULL DEFAULT 'push';

-- Secret URLs that deploy a branch.
CREATE TABLE "build_hooks" (
    "id" UUID NOT NULL,
    "repository_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "branch" TEXT,
    "hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),
    CONSTRAINT "build_hooks_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "build_hooks_hash_key" ON "build_hooks"("hash");
CREATE INDEX "build_hooks_repository_id_idx" ON "build_hooks"("repository_id");
ALTER TABLE "build_hooks" ADD CONSTRAINT "build_hooks_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
