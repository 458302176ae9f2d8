// Passkeys: asks the authenticator and sends its answer as the form it stands
// in. Forms that need this stay hidden without it.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function readable(options) {
  const o = options.publicKey;
  o.challenge = bytes(o.challenge);
  if (o.user) o.user.id = bytes(o.user.id);
  for (const list of [o.allowCredentials, o.excludeCredentials]) {
    for (const c of list ?? []) c.id = bytes(c.id);
  }
  return { publicKey: o };
}

function answer(c) {
  const r = c.response;
  const out = {
    id: c.id, rawId: text(c.rawId), type: c.type, authenticatorAttachment: c.authenticatorAttachment ?? undefined,
    clientExtensionResults: c.getClientExtensionResults(), response: { clientDataJSON: text(r.clientDataJSON) },
  };
  if (r.attestationObject) {
    out.response.attestationObject = text(r.attestationObject);
    out.response.transports = r.getTransports?.() ?? [];
  } else {
    out.response.authenticatorData = text(r.authenticatorData);
    out.response.signature = text(r.signature);
    if (r.userHandle) out.response.userHandle = text(r.userHandle);
  }
  return JSON.stringify(out);
}

async function ask(form) {
  const begun = await fetch(form.dataset.begin, { method: "POST", credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!begun.ok) throw new Error(`${begun.status}`);
  const { secret, options } = await begun.json();
  const make = form.dataset.passkey === "create";
  const credential = await navigator.credentials[make ? "create" : "get"](readable(options));
  form.querySelector("[data-ceremony]").value = secret;
  form.querySelector("[data-answer]").value = answer(credential);
  form.submit();
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const failed = form.querySelector("[data-failed]");
      const button = form.querySelector("button");
      failed.hidden = true;
      button.disabled = true;
      ask(form).catch(() => {
        failed.hidden = false;
        button.disabled = false;
      });
    });
  }
}
