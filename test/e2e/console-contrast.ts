import type { Page } from 'playwright-core'

/**
 * Texts of the page whose colour stands out less from its ground than 4.5 : 1, WCAG 2.2's level AA for normal text.
 * Grounds are those of the nearest ancestor that has an opaque one; the page is written so that this is right.
 */
export const faintTexts = (page: Page): Promise<unknown> => page.evaluate(SCRIPT)

const SCRIPT = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = colour
    canvas.fillRect(0, 0, 1, 1)
    return canvas.getImageData(0, 0, 1, 1).data
  }
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
  }
  const groundOf = (element) => {
    for (let it = element; it; it = it.parentElement) {
      const ground = rgba(getComputedStyle(it).backgroundColor)
      if (ground[3] === 255) return ground
    }
    return [255, 255, 255]
  }
  const faint = []
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const element = text.parentElement
    if (!text.data.trim() || !element.checkVisibility() || element.closest('script, noscript, .sr-only')) continue
    const [high, low] = [luminance(rgba(getComputedStyle(element).color)), luminance(groundOf(element))].sort((a, b) => b - a)
    const ratio = (high + 0.05) / (low + 0.05)
    if (ratio < 4.5) faint.push(text.data.slice(0, 40) + ' ' + ratio.toFixed(2))
  }
  return faint
})()`
