extension Stylesheet {
  /// Pages without a side: the custodian's, signing in, errors. One column that people read from top to bottom, on telephones too.
  static let plain = """
    .plain main{margin:0 auto;max-width:720px;padding:16px 16px 48px}
    .plain>.brand{max-width:720px;margin:0 auto;padding:24px 16px 0;display:flex;gap:4px 16px;align-items:center;justify-content:space-between;flex-wrap:wrap}
    .plain>.brand .who{display:flex;gap:12px;align-items:baseline;color:var(--soft);font-size:12px}
    .plain>.brand form{margin:0}
    .plain h1{margin-bottom:8px}
    .plain h1+.panel,.plain h1+.notice{margin-top:12px}
    .plain .head h1{margin:0}
    .plain .head{align-items:center;margin-bottom:12px}
    .plain summary{padding:6px 0;cursor:pointer}
    .plain dl.values{grid-template-columns:minmax(90px,170px) minmax(0,1fr)}
    .plain dl.values code{font-size:12px}
    .plain dl.values+h3{margin-top:16px}
    .plain dd small{display:block;color:var(--soft);font-size:12px}
    .plain dl.values.opened{gap:8px 12px;grid-template-columns:minmax(90px,200px) minmax(0,1fr)}
    .links{display:flex;gap:0 20px;flex-wrap:wrap;border-bottom:1px solid var(--line);margin-bottom:20px}
    .links a{padding:8px 0;color:var(--soft);text-decoration:none}
    .links a:hover{color:var(--ink)}
    .links a[aria-current]{color:var(--ink);font-weight:600;box-shadow:inset 0 -2px 0 var(--accent)}
    ul.choices{list-style:none;padding:0}
    ul.choices li{padding:4px 0}
    .why{display:block;color:var(--soft);font-size:12px}
    .plain button.link{min-height:32px}
    .check{padding:3px 0}
    .plain td code{overflow-wrap:anywhere}
    .plain fieldset legend{font-size:15px;margin-top:20px}
    .plain form textarea{font:inherit}
    article.letter{margin:20px 0}
    pre.letter{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;line-height:1.55;padding:16px 20px}
    mark{background:color-mix(in srgb,var(--accent) 16%,transparent);color:inherit;border-radius:3px;padding:0 3px}
    input[type=file]{max-width:100%}
    ::file-selector-button{font:inherit;color:var(--ink);background:var(--panel);border:1px solid color-mix(in srgb,var(--line) 45%,var(--soft));border-radius:6px;padding:5px 12px;margin-right:12px;cursor:pointer}
    @media (max-width:560px){
      .links{gap:0 14px}
      .links a,.links a[aria-current]{font-size:13px;font-weight:400}
      .plain dl.values{display:block}
      .plain dl.values dt{font-size:12px;margin-top:8px}
      .plain dl.values dt:first-child{margin-top:0}
      table.stack,.stack tbody,.stack tr,.stack td{display:block}
      .stack thead{display:none}
      .stack tr{border-bottom:1px solid var(--line);padding:8px 0}
      .stack tr:last-child{border-bottom:0}
      .stack td{border:0;padding:1px 0;text-align:left;white-space:normal;overflow-wrap:anywhere}
      .stack td:first-child{font-weight:600}
      .stack .why{font-weight:400}
      .stack td a{display:inline-block;padding:3px 0}
      .stack td[data-label]::before{content:attr(data-label) " ";color:var(--soft)}
    }

    """
}
