CREATE TABLE "pull_requests" (
  "id" UUID NOT NULL,
  "repository_id" UUID NOT NULL,
  "number" INTEGER NOT NULL,
  "title" TEXT NOT NULL,
  "head_ref" TEXT NOT NULL,
  "head_sha" TEXT NOT NULL,
  "base_ref" TEXT NOT NULL,
  "is_fork" BOOLEAN NOT NULL,
  "is_open" BOOLEAN NOT NULL,
  "approved_sha" TEXT,
  "alias" TEXT NOT NULL,
  "comment_due_at" TIMESTAMPTZ(3),
  "comment_tries" INTEGER NOT NULL DEFAULT 0,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "pull_requests_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "pull_requests_repository_id_number_key" ON "pull_requests"("repository_id", "number");
CREATE INDEX "pull_requests_comment_due_at_idx" ON "pull_requests"("comment_due_at");
ALTER TABLE "pull_requests" ADD CONSTRAINT "pull_requests_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "pushes" ADD COLUMN "pull_request_id" UUID;
ALTER TABLE "pushes" ADD CONSTRAINT "pushes_pull_request_id_fkey" FOREIGN KEY ("pull_request_id") REFERENCES "pull_requests"("id") ON DELETE SET NULL ON UPDATE CASCADE;

ALTER TABLE "builds" ADD COLUMN "target" JSONB;
