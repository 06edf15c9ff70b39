import { dockerUnderTest } from './docker-under-test.ts'
import { engineConformance } from './engine.conformance.ts'

engineConformance('docker', dockerUnderTest)
