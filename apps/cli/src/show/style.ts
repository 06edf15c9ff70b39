import { styleText } from 'node:util'

type Look = 'dim' | 'bold' | 'red' | 'green' | 'yellow'

/** Text for a terminal that has colours, and wants them: NO_COLOR and pipes get it as it is. */
export const style = (look: Look, text: string, stream: NodeJS.WriteStream = process.stdout): string =>
  styleText(look, text, { stream })
