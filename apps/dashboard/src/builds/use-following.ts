import { useLayoutEffect, useRef, useState } from 'react'

/** How far from the end still counts as at the end. */
const NEAR_PX = 24

/** Keeps a scrolling box at its end while content grows, until its reader scrolls back; at the end again it follows on. */
export const useFollowing = (content: unknown) => {
  const box = useRef<HTMLElement>(null)
  const [isFollowing, setFollowing] = useState(true)

  const toEnd = () => box.current?.scrollTo({ top: box.current.scrollHeight })

  // biome-ignore lint/correctness/useExhaustiveDependencies: new content is what it waits for
  useLayoutEffect(() => {
    if (isFollowing) toEnd()
  }, [content, isFollowing])

  const onScroll = () => {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = box.current ?? {}
    setFollowing(scrollHeight - scrollTop - clientHeight < NEAR_PX)
  }

  return { box, isFollowing, onScroll, follow: () => setFollowing(true) }
}
