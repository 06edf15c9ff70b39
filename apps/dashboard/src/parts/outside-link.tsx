import type { ReactNode } from 'react'

/** A link out of the console that opens beside it. An address that is not HTTP is shown and leads nowhere. */
export const OutsideLink = ({ href, children }: { href: string; children: ReactNode }) =>
  isHttp(href) ? (
    <a className="link" href={href} target="_blank" rel="noopener noreferrer">
      {children}
      <span className="sr-only"> (opens in a new tab)</span>
    </a>
  ) : (
    <span>{children}</span>
  )

const isHttp = (href: string): boolean => URL.canParse(href) && /^https?:$/.test(new URL(href).protocol)
