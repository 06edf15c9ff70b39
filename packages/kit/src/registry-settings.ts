import { setting } from './configuration.ts'

/** Who we are at the registry of images: the builder pushes, the controller pulls what the engine has lost. */
export const registrySettings = {
  registryUser: setting.optionalText({ env: 'REGISTRY_USER', description: 'User at the registry.' }),
  registryPassword: setting.optionalSecret({ env: 'REGISTRY_PASSWORD', description: 'Password at the registry.' }),
}
