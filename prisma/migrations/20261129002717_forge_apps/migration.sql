-- How this cloud is known to a forge, when that was set up at the console: sealed under PUSHFN_SECRET.
CREATE TABLE "forge_apps" (
    "forge" "ForgeKind" NOT NULL,
    "sealed" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "forge_apps_pkey" PRIMARY KEY ("forge")
);
