// News of the server: one stream for all visible pages of a browser.
//
// A browser opens six connections to a server at most, and a stream keeps one of them. So the page that holds the lock has
// the stream and passes on what it hears; a hidden page has neither.

const NAME = 'xray-console';
const FIRST = 1_000;
const SLOWEST = 10_000;

/**
 * What is known of the server. `id` names the run of the server and grows with everything that changes; `live`: the
 * stream is open; `away`: the server does not answer; `crowded`: it answers, but grants no further stream.
 * @typedef {{ state: 'live' | 'away' | 'crowded', id: string | null }} Word
 */

/** @param {(word: Word) => void} hear called for every word, whichever page heard it first */
export function news(hear) {
  const channel = new BroadcastChannel(NAME);
  /** What this page said last, while it has the stream. @type {Word | null} */
  let last = null;
  /** @type {AbortController | null} */
  let place = null;

  const say = (word) => {
    last = word;
    channel.postMessage(word);
    hear(word);
  };

  channel.addEventListener('message', ({ data }) => {
    if (!data.hello) hear(data);
    else if (last) channel.postMessage(last);
  });

  /** Has the stream until the place in the queue is given up. */
  const hold = (signal) =>
    new Promise((done) => {
      if (signal.aborted) return done();
      const close = connect(say);
      signal.addEventListener('abort', () => {
        close();
        last = null;
        done();
      });
    });

  function come() {
    if (place || document.hidden) return;
    place = new AbortController();
    const { signal } = place;
    // What happened while this page was hidden.
    channel.postMessage({ hello: true });
    // Only pages of a trusted origin have locks; under another allowed host each page has a stream of its own.
    if (navigator.locks) navigator.locks.request(NAME, { signal }, () => hold(signal)).catch(() => {});
    else hold(signal);
  }

  function go() {
    place?.abort();
    place = null;
  }

  document.addEventListener('visibilitychange', () => (document.hidden ? go() : come()));
  addEventListener('pagehide', go);
  come();
}

/** Keeps a stream open; returns what closes it. */
function connect(say) {
  let wait = FIRST;
  let stream;
  let timer;
  let closed = false;

  function open() {
    stream = new EventSource('/events');
    stream.addEventListener('change', ({ lastEventId }) => {
      wait = FIRST;
      say({ state: 'live', id: lastEventId });
    });
    stream.addEventListener('error', async () => {
      // The browser tries again by itself unless it was refused.
      if (stream.readyState !== EventSource.CLOSED) {
        say({ state: 'away', id: null });
        return;
      }
      const state = (await crowded()) ? 'crowded' : 'away';
      if (closed) return;
      say({ state, id: null });
      timer = setTimeout(open, state === 'crowded' ? SLOWEST : wait);
      wait = Math.min(wait * 2, SLOWEST);
    });
  }

  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    stream.close();
  };
}

/** Whether the server refuses streams because it has too many; the stream itself does not tell. */
async function crowded() {
  const enough = new AbortController();
  try {
    return (await fetch('/events', { signal: enough.signal })).status === 503;
  } catch {
    return false;
  } finally {
    enough.abort();
  }
}
