-- What a tenant has settled about a repository beside the branch that deploys: RepositorySettings of packages/model.
ALTER TABLE "repositories" ADD COLUMN "settings" JSONB;
