-- Who signs in to the console, and what they are at the accounts of their forge.
CREATE TABLE "people" (
  "id" UUID NOT NULL,
  "forge" "ForgeKind" NOT NULL,
  "forge_user_id" TEXT NOT NULL,
  "login" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "signed_out_at" TIMESTAMPTZ(3),
  CONSTRAINT "people_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "people_forge_forge_user_id_key" ON "people"("forge", "forge_user_id");

CREATE TABLE "memberships" (
  "person_id" UUID NOT NULL REFERENCES "people"("id"),
  "forge_account_id" TEXT NOT NULL,
  "role" "Role" NOT NULL,
  CONSTRAINT "memberships_pkey" PRIMARY KEY ("person_id", "forge_account_id")
);

CREATE TABLE "login_links" (
  "hash" BYTEA NOT NULL,
  "person_id" UUID NOT NULL REFERENCES "people"("id"),
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "login_links_pkey" PRIMARY KEY ("hash")
);
