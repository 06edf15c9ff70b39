-- Why a build must not go on: written by who takes its repository away, ended as cancelled by who holds the build.
ALTER TABLE "builds" ADD COLUMN "cancel_reason" TEXT;
