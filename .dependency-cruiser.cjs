/**
 * The borders of the house, as docs/how-it-works.md draws them: imports point one way. `npm run borders` checks them all;
 * deploy/local/src/borders.test.ts proves that each of them can fail.
 */

const border = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })
const TESTS = '[.]test[.]tsx?$'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    border(
      'model-is-pure',
      'packages/model runs in the browser too: no I/O, no Node API.',
      { path: '^packages/model/', pathNot: TESTS },
      { dependencyTypes: ['core'] },
    ),
    border(
      'packages-know-model-only',
      'A package imports model and itself, never a sibling: what two packages share belongs into model or into an app.',
      { path: '^packages/([^/]+)/' },
      { path: '^packages/', pathNot: '^packages/($1|model)/' },
    ),
    border(
      'packages-know-nothing-above',
      'Packages know no app, no test and no deployment.',
      { path: '^packages/' },
      { path: '^(apps|test|deploy)/' },
    ),
    border(
      'nest-stays-in-apps',
      'Packages are plain functions; the framework is the apps’ matter.',
      { path: '^packages/' },
      { path: 'node_modules/@nestjs/' },
    ),
    border(
      'apps-are-apart',
      'Apps meet in Postgres, in Redis and on the wire, never by import.',
      { path: '^apps/([^/]+)/' },
      { path: '^apps/', pathNot: '^apps/$1/' },
    ),
    border(
      'apps-know-no-tests',
      'What serves people imports neither tests nor the set-up of one machine.',
      { path: '^apps/', pathNot: TESTS },
      { path: '^(test|deploy)/' },
    ),
    border(
      'gateway-serves-alone',
      'The gateway goes on while database, forge and engine are away: it imports none of them, of the store Redis’ part alone.',
      { path: '^apps/gateway/', pathNot: TESTS },
      {
        path: ['^packages/(store|forge|engine|images)/', 'node_modules/(@?prisma|pg|dockerode)/'],
        pathNot: ['^packages/store/src/(redis|bus)[.]ts$', '^packages/store/src/calls/'],
      },
    ),
    border(
      'calls-know-no-database',
      'What the gateway imports of the store stands on Redis alone.',
      { path: ['^packages/store/src/(redis|bus)[.]ts$', '^packages/store/src/calls/'], pathNot: TESTS },
      {
        path: ['^packages/store/src/', 'node_modules/(@?prisma|pg)/'],
        pathNot: ['^packages/store/src/(redis|bus)[.]ts$', '^packages/store/src/calls/'],
      },
    ),
    border(
      'dashboard-knows-model-only',
      'The browser gets model’s schemas and nothing of the servers.',
      { path: '^apps/dashboard/' },
      { path: '^packages/', pathNot: '^packages/model/' },
    ),
    border(
      'cli-knows-model-only',
      'The command line is a client as any other: model’s schemas, and nothing of the servers.',
      { path: '^apps/cli/' },
      { path: '^packages/', pathNot: '^packages/model/' },
    ),
    border('no-cycles', 'Files that import each other are one file.', {}, { circular: true }),
    border(
      'all-is-found',
      'An import that cannot be resolved would slip through every other border.',
      // The watchdog's files come together in the image only.
      { pathNot: '^packages/images/watchdog/' },
      { couldNotResolve: true },
    ),
  ],
  options: {
    doNotFollow: { path: ['node_modules', '(^|/)dist/'] },
    exclude: { path: ['(^|/)dist/', '/generated/', '^packages/images/templates/'] },
    // Types count: who imports a type of another package depends on it.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.mts'],
    },
  },
}
