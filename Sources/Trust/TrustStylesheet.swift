internal import Web

/// The look of the console, for a reader who comes once: one column, larger letters.
enum TrustStylesheet {
  static let text: String =
    ":root{color-scheme:light dark;\(variables(.light))}\n@media (prefers-color-scheme:dark){:root{\(variables(.dark))}}\n" + rules

  private static func variables(_ tokens: ColourTokens) -> String {
    [
      ("ground", tokens.ground), ("panel", tokens.panel), ("line", tokens.line), ("ink", tokens.ink), ("soft", tokens.softInk),
      ("accent", tokens.accent), ("good", tokens.good), ("warning", tokens.warning), ("danger", tokens.danger),
    ].map { "--\($0.0):\($0.1.hexadecimal)" }.joined(separator: ";")
  }

  private static let rules = """
    *,*::before,*::after{box-sizing:border-box}
    [hidden]{display:none!important}
    html{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--ground);color:var(--ink);overflow-wrap:anywhere}
    header,main,footer{max-width:760px;margin:0 auto;padding:0 16px}
    header{padding-top:24px}
    .brand{display:flex;flex-wrap:wrap;gap:4px 16px;justify-content:space-between;align-items:baseline}
    .brand b{font-size:16px;font-weight:600}
    .brand span,.soft,footer{color:var(--soft);font-size:14px}
    nav{display:flex;flex-wrap:wrap;gap:0 20px;margin-top:12px;border-bottom:1px solid var(--line)}
    nav a{padding:8px 0;color:var(--soft);text-decoration:none}
    nav a:hover{color:var(--ink)}
    nav a[aria-current]{color:var(--ink);font-weight:600;box-shadow:inset 0 -2px 0 var(--accent)}
    main{padding-top:32px;padding-bottom:32px}
    main:focus,.result:focus{outline:none}
    h1{font-size:28px;line-height:1.25;font-weight:600;margin:0 0 12px;letter-spacing:-.01em}
    h2{font-size:20px;line-height:1.3;font-weight:600;margin:32px 0 8px}
    h3{font-size:16px;font-weight:600;margin:16px 0 4px}
    p,ul,ol,dl{margin:0 0 12px;max-width:68ch}
    .lead{font-size:16px;margin-bottom:24px}
    ul,ol{padding-left:22px}
    li{margin-bottom:6px}
    a{color:var(--accent);text-underline-offset:3px;text-decoration-thickness:1px}
    code,pre,.id{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:14px}
    pre{white-space:pre-wrap;background:var(--ground);border:1px solid var(--line);border-radius:8px;padding:12px;margin:8px 0 0}
    .panel,.ways a{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:16px;margin-bottom:16px}
    .panel>:first-child,.result>:first-child{margin-top:0}
    .panel>:last-child,.result>:last-child{margin-bottom:0}
    .ways{display:grid;gap:12px;padding:0;margin:24px 0;list-style:none;max-width:none}
    .ways li{margin:0}
    .ways a{display:block;margin:0;color:var(--ink);text-decoration:none}
    .ways a:hover{border-color:var(--accent)}
    .ways b{display:block;color:var(--accent);font-weight:600}
    ol.steps{list-style:none;padding:0;max-width:none;counter-reset:step}
    ol.steps>li{counter-increment:step;display:grid;grid-template-columns:32px minmax(0,1fr);background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:16px;margin-bottom:12px}
    ol.steps>li::before{content:counter(step);font-weight:600;color:var(--accent);font-variant-numeric:tabular-nums}
    ol.steps h2{font-size:16px;margin:0 0 4px}
    ol.steps p:last-child,ol.steps ul:last-child{margin-bottom:0}
    form{display:grid;gap:16px}
    label{display:grid;gap:4px;font-weight:600}
    label small{font-weight:400;color:var(--soft);font-size:14px}
    input,textarea{font:inherit;font-weight:400;width:100%;color:var(--ink);background:var(--ground);border:1px solid color-mix(in srgb,var(--line) 40%,var(--soft));border-radius:6px;padding:8px 10px}
    textarea{min-height:140px;resize:vertical}
    input[type=file]{padding:8px;border-style:dashed}
    ::file-selector-button{font:inherit;color:var(--ink);background:var(--panel);border:1px solid color-mix(in srgb,var(--line) 45%,var(--soft));border-radius:6px;padding:5px 12px;margin-right:12px;cursor:pointer}
    button{font:inherit;font-weight:600;justify-self:start;color:var(--panel);background:var(--accent);border:1px solid var(--accent);border-radius:6px;padding:8px 20px;min-height:44px;cursor:pointer}
    :focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
    .result{background:var(--panel);border:1px solid var(--line);border-left:4px solid var(--soft);border-radius:8px;padding:16px;margin-top:24px}
    .result.good{border-left-color:var(--good)}
    .result.bad{border-left-color:var(--danger)}
    .result.good h2{color:var(--good)}
    .result.bad h2{color:var(--danger)}
    .reasons{list-style:none;padding:0;max-width:none}
    .reasons li{display:grid;grid-template-columns:76px minmax(0,1fr);gap:0 8px;padding:8px 0;border-top:1px solid var(--line);margin:0}
    .reasons b{font-size:14px;font-weight:600;color:var(--soft);line-height:24px}
    .reasons .good b{color:var(--good)}
    .reasons .bad b{color:var(--danger)}
    summary{cursor:pointer;padding:4px 0}
    dl{display:grid;grid-template-columns:minmax(120px,220px) minmax(0,1fr);gap:4px 16px;max-width:none}
    dt{color:var(--soft)}
    dd{margin:0}
    table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
    th,td{text-align:left;vertical-align:top;padding:8px 12px 8px 0;border-bottom:1px solid var(--line)}
    th{color:var(--soft);font-weight:400;font-size:14px}
    tr:last-child td{border-bottom:0}
    td:nth-child(-n+2),th{white-space:nowrap}
    .scroll{overflow-x:auto}
    .skip{position:absolute;left:-999px;top:8px;background:var(--panel);padding:8px 12px;z-index:9}
    .skip:focus{left:8px}
    footer{padding-bottom:48px}
    footer p{border-top:1px solid var(--line);padding-top:16px;max-width:none}
    @media (min-width:640px){.ways{grid-template-columns:1fr 1fr}.ways a{height:100%}}
    @media (max-width:480px){
      nav{gap:0 16px}
      nav a,nav a[aria-current]{font-size:14px;font-weight:400}
      h1{font-size:24px}
      dl{display:block}
      dt{font-size:14px;margin-top:8px}
      .reasons li{display:block}
      .reasons b{display:block;line-height:1.5}
      thead{display:none}
      tr{display:grid;grid-template-columns:auto 1fr;padding:8px 0;border-bottom:1px solid var(--line)}
      tr:last-child{border-bottom:0}
      td{border:0;padding:0 12px 0 0}
      td:nth-child(-n+2){color:var(--soft);font-size:14px}
      td:nth-child(3){grid-column:1/-1}
    }

    """
}
