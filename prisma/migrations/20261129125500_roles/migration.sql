-- What a token may do with its tenant. Those that were made before there were roles may do all, as they could.
CREATE TYPE "Role" AS ENUM ('viewer', 'developer', 'owner');
ALTER TABLE "api_tokens" ADD COLUMN "role" "Role" NOT NULL DEFAULT 'owner';
