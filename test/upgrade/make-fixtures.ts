import { BareRelay } from "../support/bare-relay.ts";
import { MASTER_KEY, OPERATOR_KEY } from "../support/secrets.ts";
import { buildRelease } from "./build-releases.ts";
import { Destinations } from "./destinations.ts";
import { makeState, STATUSES } from "./make-state.ts";
import { mixOf, setUpMix } from "./mix.ts";
import { RELEASE_NAMES, type Release, readWorker } from "./releases.ts";
import { pack } from "./state-fixture.ts";

/*
 * `npm run fixtures:upgrade`: builds every released version from its last commit, runs each, and
 * keeps what it has stored when it is killed (test/fixtures/state).
 */
for (const release of RELEASE_NAMES) {
  buildRelease(release);
  await keepState(release);
}

async function keepState(release: Release): Promise<void> {
  const destinations = await Destinations.open(STATUSES);
  const codeOf = () => readWorker(release);
  const options = { codeOf, destinations: destinations.address };
  const secrets = { operatorKey: OPERATOR_KEY, masterKey: MASTER_KEY };
  const relay = await BareRelay.build(setUpMix(mixOf(release), options), secrets);
  try {
    await relay.start();
    const facts = await makeState(release, relay.url, destinations);
    await relay.kill();
    pack(release, relay.state, facts);
  } finally {
    await relay.stop();
    await destinations.close();
  }
}
