import { fileURLToPath } from 'node:url';

const IN_PAGE = fileURLToPath(new URL('in-page.js', import.meta.url));

const ATTEMPTS = 3;
const RETRY_MS = 10_000;

/**
 * @typedef {object} Begin
 * @property {string} path Of the offer, with its query
 * @property {null | { seed?: number, minGapMs?: number, maxGapMs?: number, firstMs?: number }} [scene] Null to send none
 * @property {{ left?: number, right?: number }} [tones] Own sound, by ear. Unit: Hz; 0 for none
 * @property {boolean} [isStereo] Whether the offer asks for it. Default true
 * @property {boolean} [wantsVideo] Whether the delayed picture is asked for too. Default false
 * @property {string} [token]
 */
/** @typedef {{ beganMs: number, postedMs: number, connectedMs: number }} Times */
/**
 * @typedef {object} Taken What happened since the look before; all flashes since the beginning. Times are the page's
 * @property {number} nowMs
 * @property {number} originMs When the page's time 0 was. Unit: ms since 1970
 * @property {number[]} flashesMs When they were drawn
 * @property {number} drawnPictures
 * @property {number[]} shownMs When the delayed picture's flashes are on the screen
 * @property {number} shownPictures
 * @property {{ timesMs: number[], left: number[], right: number[], channels: number }} heard
 * @property {number} outputLatencyMs From the Web Audio graph to the loudspeaker
 * @property {{ concealedSamples: number, receivedSamples: number, jitterBufferMs: number, formatParameters: string }} sound
 */

/**
 * A blank page at the server's own origin that sends a picture which flashes, and hears what comes back.
 */
export class FlashPage {
  #page;

  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.#page = page;
  }

  /**
   * @param {import('playwright-core').Browser} browser
   * @param {string} address Of the server
   */
  static async open(browser, address) {
    const context = await browser.newContext({ bypassCSP: true });
    await context.addInitScript({ path: IN_PAGE });
    const page = await context.newPage();
    await page.goto(`${address}/healthz`);
    return new FlashPage(page);
  }

  /**
   * Resolves when the connection stands and ears listen. A server that just now forecasts too much load is asked again
   * when it says, as the page asks it; each time is told on standard error.
   * @param {Begin} options
   * @returns {Promise<Times>}
   */
  async begin(options) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#page.evaluate(`window.foley.begin(${JSON.stringify(options)})`);
      } catch (error) {
        const { message } = /** @type {Error} */ (error);
        if (attempt === ATTEMPTS || !/Error: 503 .*load the machine/.test(message)) throw error;
        process.stderr.write(
          `Refused for load, asked again in ${RETRY_MS / 1000} s: ${message.split('\n')[0]}\n`,
        );
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** @returns {Promise<Taken>} */
  take() {
    return this.#page.evaluate('window.foley.take()');
  }

  /** Ends the session and leaves the page. Idempotent. */
  async close() {
    if (this.#page.isClosed()) return;
    await this.#page.evaluate('window.foley.end()');
    await this.#page.context().close();
  }

  /** However a test ends, the next may use the name of its stream. */
  [Symbol.asyncDispose]() {
    return this.close();
  }
}
