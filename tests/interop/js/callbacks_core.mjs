// Fill in the issuer's consent page as a customer would; give where it sends the browser.
export async function fillInConsent(url, txCode) {
  const page = await fetch(url)
  const html = await page.text()
  const cookie = page.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ')
  const hidden = [...html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)]
  const fields = Object.fromEntries(hidden.map(([, name, value]) => [name, value.replaceAll('&amp;', '&')]))
  const action = new URL(/<form[^>]*action="([^"]+)"/.exec(html)[1], url)
  const body = new URLSearchParams({ ...fields, decision: 'approve', tx_code: txCode })
  const sent = await fetch(action, { method: 'POST', redirect: 'manual', headers: { cookie, origin: action.origin }, body })
  return sent.headers.get('location')
}
