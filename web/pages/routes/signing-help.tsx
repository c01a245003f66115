import { Copy } from "../../ui/copy.tsx";

const VERIFY = `import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.SIGNING_SECRET); // whsec_…

// \`body\` is the raw text of the request, before anything has parsed it.
const event = webhook.verify(body, {
  "webhook-id": request.headers["webhook-id"],
  "webhook-timestamp": request.headers["webhook-timestamp"],
  "webhook-signature": request.headers["webhook-signature"],
});
// It throws when the signature does not fit. Drop what has a webhook-id that you have had.`;

/** How a receiver knows that a request is the relay's. */
export function SigningHelp() {
  return (
    <section class="card stack" aria-labelledby="signing-help">
      <div class="card-head">
        <h2 id="signing-help">How a receiver verifies</h2>
        <Copy text={VERIFY} what="the example" />
      </div>
      <p>
        Requests are signed by Standard Webhooks 1.0, for which there are libraries in most
        languages: HMAC-SHA256 over <code>id.timestamp.body</code>, in{" "}
        <code>webhook-signature</code> once for each live secret. Answer 2xx early, and drop repeats
        by <code>webhook-id</code>.
      </p>
      <section
        aria-label="Example for Node"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
        tabIndex={0}
      >
        <pre>{VERIFY}</pre>
      </section>
    </section>
  );
}
