// The status page, rendered by the server each time something came in.

import { live, renew } from './live.js';

live(() => renew('/status', 'status-page'), 1_000);
