// The status page asks for itself again and takes over its parts: the server alone knows how they look.

import { live } from './live.js';

live(async () => {
  // An XMLHttpRequest parses a page without running or fetching anything in it.
  const page = await new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open('GET', '/status');
    request.responseType = 'document';
    request.addEventListener('load', () => done(request.response));
    request.addEventListener('error', failed);
    request.send();
  });
  const fresh = page?.getElementById('status-page');
  const old = document.getElementById('status-page');
  if (fresh && !old.isEqualNode(fresh)) old.replaceWith(document.adoptNode(fresh));
}, 1_000);
