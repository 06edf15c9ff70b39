import { useEffect, useRef, useState } from 'react'

/** How far from the end still counts as at the end. */
const NEAR_PX = 24

/** Keeps a scrolling box at its end while its content grows, until its reader scrolls back; at the end again it follows on. */
export const useFollowing = () => {
  const box = useRef<HTMLElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const lastTop = useRef(0)
  const [isFollowing, setFollowing] = useState(true)

  useEffect(() => {
    if (!isFollowing || !content.current) return
    const toEnd = () => box.current?.scrollTo({ top: box.current.scrollHeight })
    const observer = new ResizeObserver(toEnd)
    observer.observe(content.current)
    toEnd()
    return () => observer.disconnect()
  }, [isFollowing])

  const onScroll = () => {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = box.current ?? {}
    const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX
    // Content that grew leaves the end behind too: only who goes back is reading.
    if (isAtEnd) setFollowing(true)
    else if (scrollTop < lastTop.current) setFollowing(false)
    lastTop.current = scrollTop
  }

  return { box, content, isFollowing, onScroll, follow: () => setFollowing(true) }
}
