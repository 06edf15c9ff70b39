import { commonSettings } from '@pushfn/kit/common-settings'
import { setting } from '@pushfn/kit/configuration'
import { giteaSettings } from '@pushfn/kit/gitea-settings'
import { githubSettings } from '@pushfn/kit/github-settings'
import { gitlabSettings } from '@pushfn/kit/gitlab-settings'
import { keyringSettings } from '@pushfn/kit/keyring-settings'

/** What the api reads from its environment. */
export const settings = {
  ...commonSettings,
  ...githubSettings,
  ...gitlabSettings,
  ...giteaSettings,
  ...keyringSettings,
  host: setting.text({ env: 'API_HOST', description: 'Address the api listens on.', default: '127.0.0.1' }),
  port: setting.port({ env: 'API_PORT', description: 'Port the api listens on.', default: '8081' }),
  dataDir: setting.text({ env: 'DATA_DIR', description: 'Folder of the builtin forge’s repositories.' }),
  operatorToken: setting.optionalSecret({
    env: 'OPERATOR_TOKEN',
    description: 'Bearer token of the cloud’s operators for the API; none: nobody can make tenants by API.',
  }),
  tenants: setting.oneOf(
    {
      env: 'TENANTS',
      description: 'Who of a forge may be a tenant: `listed` in the table, file or URL of customers, or `anyone`.',
      default: 'listed',
    },
    ['listed', 'anyone'],
  ),
  customersPath: setting.optionalText({
    env: 'CUSTOMERS_PATH',
    description:
      'File of allowed logins, one a line, as OpenFaaS Cloud’s CUSTOMERS; of other forges `gitlab:<login>`, `gitea:<login>`. Read again every 5 minutes.',
  }),
  customersUrl: setting.optionalUrl({
    env: 'CUSTOMERS_URL',
    description: 'URL of allowed logins, one a line; fetched again every 5 minutes.',
  }),
  dnsServers: setting.list({
    env: 'DNS_SERVERS',
    description:
      'DNS servers that are asked who owns a tenant’s domain, with commas (`1.1.1.1,[2606:4700:4700::1111]:53`); none: this host’s own.',
  }),
  domainCheckMs: setting.integer(
    {
      env: 'DOMAIN_CHECK_MS',
      description:
        'Milliseconds between two looks at the DNS for a new domain’s record; thirty times as long after an hour.',
      default: '60000',
    },
    { min: 200, max: 3_600_000 },
  ),
  askHost: setting.text({
    env: 'EDGE_ASK_HOST',
    description: 'Address where the edge asks whether a host is served here; reachable for the edge alone.',
    default: '127.0.0.1',
  }),
  askPort: setting.integer(
    { env: 'EDGE_ASK_PORT', description: 'Port of the same; 0: nobody can ask.', default: '0' },
    { min: 0, max: 65_535 },
  ),
  deliveryRetentionDays: setting.integer(
    {
      env: 'DELIVERY_RETENTION_DAYS',
      description:
        'Days the ledger keeps a delivery. By it a redelivery is known, and GitHub delivers again for three days.',
      default: '30',
    },
    { min: 4, max: 3_650 },
  ),
  removalGraceDays: setting.integer(
    {
      env: 'REMOVAL_GRACE_DAYS',
      description:
        'Days in which a repository or account that went and comes back has its functions again without a push.',
      default: '7',
    },
    { min: 1, max: 365 },
  ),
  catchUpMs: setting.integer(
    {
      env: 'CATCH_UP_MS',
      description:
        'Milliseconds between two looks for pushes that no webhook told of, at failed deliveries and at each repository’s deploy branch; 0: none.',
      default: '1800000',
    },
    { min: 0, max: 86_400_000 },
  ),
  caFile: setting.optionalText({
    env: 'GIT_SSL_CAINFO',
    description: 'PEM file of certificate authorities that git trusts instead of the system’s.',
  }),
  consoleDir: setting.optionalText({
    env: 'CONSOLE_DIR',
    description: 'Folder of the built console; none: the one beside the api.',
  }),
  templateHosts: setting.list({
    env: 'TEMPLATE_HOSTS',
    description:
      'Git servers, as `host` or `host:port`, whose repositories may be copied by “Deploy to Pushfn” though their address is not public, or they speak http; with commas.',
  }),
  maxPushBytes: setting.integer(
    { env: 'MAX_PUSH_BYTES', description: 'Bytes one git push to the builtin forge may have.', default: '104857600' },
    { min: 1_048_576, max: 10_737_418_240 },
  ),
}
