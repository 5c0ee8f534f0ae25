/// The one stylesheet, written from the colour tokens.
enum Stylesheet {
  static let text: String =
    ":root{color-scheme:light dark;\(variables(.light))}\n"
    + "@media (prefers-color-scheme:dark){:root{\(variables(.dark))}}\n" + frame + controls + content + charts + plain

  private static func variables(_ tokens: ColourTokens) -> String {
    var all = [
      ("ground", tokens.ground), ("panel", tokens.panel), ("line", tokens.line), ("ink", tokens.ink), ("soft", tokens.softInk),
      ("accent", tokens.accent), ("good", tokens.good), ("warning", tokens.warning), ("danger", tokens.danger), ("sealed", tokens.sealed),
    ]
    for (index, colour) in tokens.series.enumerated() { all.append(("s\(index)", colour)) }
    for (index, level) in tokens.heat.enumerated() { all += [("h\(index)", level.ground), ("ht\(index)", level.text)] }
    return all.map { "--\($0.0):\($0.1.hexadecimal)" }.joined(separator: ";")
  }

  private static let frame = """
    *,*::before,*::after{box-sizing:border-box}
    [hidden]{display:none!important}
    html{font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
    body{margin:0;overflow-wrap:anywhere;background:var(--ground);color:var(--ink);min-height:100vh;display:grid;grid-template-columns:200px minmax(0,1fr)}
    body.plain{display:block}
    h1{font-size:20px;line-height:1.3;font-weight:600;margin:0 0 4px}
    h2{font-size:16px;line-height:1.35;font-weight:600;margin:0 0 8px}
    h3{font-size:14px;font-weight:600;margin:0 0 4px}
    .scroll+h3{margin-top:24px}
    p{margin:0 0 12px;max-width:72ch}
    ul,ol{margin:0 0 12px;padding-left:20px}
    a{color:var(--accent);text-underline-offset:3px;text-decoration-thickness:1px}
    code,kbd,pre,.id{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px}
    .id{white-space:nowrap}
    kbd{border:1px solid var(--line);border-radius:4px;padding:1px 6px;background:var(--ground);font-size:12px}
    :focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
    main:focus{outline:none}
    .skip{position:absolute;left:-999px;top:8px;background:var(--panel);padding:8px 12px;z-index:9}
    .skip:focus{left:8px}
    .side{border-right:1px solid var(--line);padding:16px 12px;position:sticky;top:0;height:100vh;overflow:auto}
    .brand{padding:0 8px 16px}
    .product{white-space:nowrap;font-weight:600;font-size:16px;color:var(--ink);text-decoration:none;letter-spacing:-.01em}
    .place{display:block;color:var(--soft);font-size:12px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .places{font-size:12px;color:var(--soft);min-width:0}
    .places summary{cursor:pointer;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .places a{display:block;padding:4px 0;color:var(--soft);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .places a:hover{color:var(--ink)}
    .side ul{list-style:none;margin:0;padding:0}
    .side nav a{display:block;padding:6px 8px;margin-bottom:2px;border-radius:6px;color:var(--soft);text-decoration:none}
    .side nav a:hover{color:var(--ink);background:color-mix(in srgb,var(--line) 45%,transparent)}
    .side nav a[aria-current]{color:var(--ink);font-weight:600;background:var(--panel);box-shadow:inset 2px 0 0 var(--accent)}
    .page{min-width:0}
    .top{display:flex;gap:12px 24px;align-items:center;justify-content:space-between;padding:10px 24px;border-bottom:1px solid var(--line);flex-wrap:wrap}
    .top .who{display:flex;gap:8px 16px;align-items:center;color:var(--soft);font-size:12px;flex-wrap:wrap;min-width:0}
    .top .who form{margin:0}
    .top .alarm{color:var(--danger);font-weight:600}
    .top .search input{width:260px}
    main{padding:24px;max-width:1364px}
    .head{display:flex;gap:12px 24px;justify-content:space-between;align-items:flex-start;flex-wrap:wrap;margin-bottom:16px}
    .head>div{min-width:0}
    .head p{margin:0;color:var(--soft)}
    .panel{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:16px;margin-bottom:24px;min-width:0}
    .panel>:last-child{margin-bottom:0}
    .panel>h2+p.sub{margin-top:-6px}
    .sub{color:var(--soft);font-size:12px}
    .soft{color:var(--soft)}
    .title{display:flex;gap:8px 24px;justify-content:space-between;align-items:flex-start;flex-wrap:wrap}
    .title>div{min-width:0}
    .title h2{margin-bottom:2px}
    .title p.sub{margin-bottom:8px}
    .title>.ranges{margin-bottom:8px}
    .title>.looks{display:flex;gap:8px 24px;flex-wrap:wrap;margin-bottom:8px}
    .chips{max-width:none;margin:-8px 0 16px;display:flex;gap:4px 8px;flex-wrap:wrap;align-items:center}
    .chips .chip a{text-decoration:none;padding:0 2px}
    .grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:24px;margin-bottom:24px}
    .grid>.panel{margin:0}
    .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,130px),1fr));gap:16px;margin:0}
    .figures div{min-width:0}
    .figures.small{margin:4px 0 16px;grid-template-columns:repeat(auto-fit,minmax(min(100%,132px),148px))}
    .figures.small dd{font-size:20px}
    .figures dt{color:var(--soft);font-size:12px}
    .figures dd{margin:0;font-size:28px;line-height:1.25;font-variant-numeric:tabular-nums;letter-spacing:-.02em}
    .figures dd.word{font-size:16px;line-height:1.4;padding-top:6px;letter-spacing:0}
    .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
    .figures.reach{grid-template-columns:repeat(auto-fit,minmax(min(100%,116px),1fr))}
    .figures dd.sub{font-size:12px;line-height:1.45;letter-spacing:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .beside{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));gap:8px 32px;margin-top:20px}
    .beside>div{min-width:0}
    .advice{margin:0;padding:0;list-style:none}
    .advice li{border-top:1px solid var(--line);padding:8px 0}
    .advice li:first-child{border-top:0;padding-top:0}
    .advice p{margin:0;max-width:none;overflow-wrap:anywhere}
    .advice .sub b{color:var(--ink);font-weight:600;font-variant-numeric:tabular-nums}
    .note{color:var(--soft);font-size:12px;max-width:none;margin:12px 0 0}
    .ledger{color:var(--soft);font-size:12px}
    .ledger b{color:var(--sealed);font-weight:600;font-variant-numeric:tabular-nums}
    .notice{border-left:3px solid var(--accent);padding:8px 12px;background:var(--panel);margin:0 0 16px;max-width:none;border-radius:0 6px 6px 0;border-top:1px solid var(--line);border-right:1px solid var(--line);border-bottom:1px solid var(--line)}
    .notice.good{border-left-color:var(--good)}.notice.warning{border-left-color:var(--warning)}.notice.danger{border-left-color:var(--danger)}
    .notice,.notice.good,.notice.danger{color:var(--ink)}
    .notice>:last-child{margin-bottom:0}
    @media (max-width:800px){
      body{display:block}
      .side{position:static;height:auto;border-right:0;border-bottom:1px solid var(--line);padding:12px 16px 0}
      .brand{display:flex;gap:12px;align-items:baseline;padding:0 0 8px}
      .side ul{display:flex;overflow-x:auto;gap:2px;padding-bottom:8px}
      .side .places ul{display:block;overflow-x:visible;padding:0}
      .side nav a{white-space:nowrap;padding:6px 10px}
      .side nav a[aria-current]{box-shadow:inset 0 -2px 0 var(--accent)}
      .top{padding:8px 16px}
      .top .search,.top .search input{width:100%}
      main{padding:16px}
      .panel{padding:12px}
    }

    """

  private static let controls = """
    input,select,textarea,button{font:inherit;color:inherit}
    input[type=text],input[type=search],input[type=number],input[type=date],input[type=datetime-local],select,textarea{background:var(--panel);border:1px solid color-mix(in srgb,var(--line) 45%,var(--soft));border-radius:6px;padding:5px 8px;min-height:32px;max-width:100%}
    textarea{width:100%;min-height:72px;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px}
    ::placeholder{color:var(--soft);opacity:1}
    select{text-overflow:ellipsis}
    button,.button{display:inline-block;background:var(--panel);border:1px solid color-mix(in srgb,var(--line) 45%,var(--soft));border-radius:6px;padding:5px 12px;min-height:32px;cursor:pointer;text-decoration:none;color:var(--ink);line-height:20px;white-space:nowrap}
    button:hover,.button:hover{border-color:var(--ink)}
    button.primary,.button.primary{background:var(--accent);border-color:var(--accent);color:var(--panel);font-weight:600}
    button.danger{border-color:var(--danger);color:var(--danger)}
    button.quiet,.quiet{background:none;border:0;color:var(--accent);padding:0 2px;min-height:0;text-decoration:underline;text-underline-offset:3px;text-decoration-thickness:1px;font-size:inherit}
    button.link{background:none;border:0;padding:0;min-height:0;color:var(--soft);text-decoration:underline;text-underline-offset:3px;font-size:12px}
    label{display:inline-block}
    .field{display:block;margin-bottom:16px;max-width:480px}
    .field>span:first-child{display:block;font-weight:600;margin-bottom:4px}
    .field input[type=text],.field select{width:100%}
    .field small{display:block;color:var(--soft);font-size:12px;margin-top:4px}
    fieldset{border:0;padding:0;margin:0 0 16px;min-width:0}
    legend{padding:0;font-weight:600;margin-bottom:4px}
    .check{display:block;margin-bottom:4px}
    .row{display:flex;gap:8px 12px;flex-wrap:wrap;align-items:center}
    .actions{display:flex;gap:8px;flex-wrap:wrap;align-items:flex-start}
    .actions details{position:relative}
    .actions summary{list-style:none}
    .actions summary::-webkit-details-marker{display:none}
    .pop{position:absolute;right:0;top:38px;z-index:5;background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:12px;width:280px;max-width:80vw;box-shadow:0 6px 24px rgb(0 0 0/.16)}
    .pop input[type=text]{width:100%;margin-bottom:8px}
    .query{font-size:16px;line-height:2.35}
    .query .part{display:inline-block;max-width:100%;vertical-align:middle}
    .query select,.query input[type=text],.query input[type=number],.query input[type=date]{border:0;border-bottom:1px dashed var(--accent);border-radius:0;background:none;padding:2px 4px;min-height:30px;color:var(--accent);font-weight:600;max-width:min(100%,280px);vertical-align:baseline;line-height:1.3}
    .query select,.query input.values,.query input.wide{field-sizing:content;min-width:60px}
    .query input.wide{min-width:90px}
    .query select option{color:var(--ink);background:var(--panel);font-weight:400}
    .query input[type=number]{width:4em;field-sizing:content}
    @supports (field-sizing:content){.query input[type=number]{width:auto;min-width:2.4em}}
    .query .soft{color:var(--soft);font-weight:400}
    .query ol{list-style:none;margin:0;padding:0}
    .query li{padding:2px 0}
    .query .where{font-size:14px;padding-left:20px;line-height:2.1}
    .query .where .chip{max-width:min(100%,420px)}
    .query .letter{display:inline-block;min-width:20px;color:var(--soft);font-size:12px}
    .query button.quiet{font-size:14px;text-decoration:none}
    .query button.quiet:hover{text-decoration:underline}
    .query .run{margin-top:8px;line-height:1.45;font-size:14px}
    .query details.more{font-size:14px;line-height:2.1;margin-top:4px}
    .query details.more summary{color:var(--soft);cursor:pointer;width:fit-content}
    .query .adders{display:flex;gap:0 16px;flex-wrap:wrap;padding-left:20px}
    .query details.picks{font-size:14px;line-height:2.1}
    .query details.picks summary{color:var(--soft);cursor:pointer;width:fit-content}
    .query label.chip{line-height:20px;cursor:pointer}
    .query label.chip input{vertical-align:-2px;margin:0 2px 0 0}
    .rule:has(select[name$=".not"] option[value=yes]:checked) .counts{display:none}
    .period:has(option[value=ever]:checked) :is(.if-last,.if-between),.period:has(option[value=last]:checked) .if-between,.period:has(option[value=between]:checked) .if-last{display:none}
    .ranges{display:inline-flex;gap:2px;vertical-align:middle}
    .ranges a{font-size:12px;padding:2px 8px;border:1px solid var(--line);border-radius:6px;text-decoration:none;line-height:20px}
    .ranges a[aria-current]{background:var(--accent);border-color:var(--accent);color:var(--panel)}
    .chip{display:inline-block;border:1px solid var(--line);border-radius:12px;padding:1px 10px;font-size:12px;background:var(--ground);max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;vertical-align:middle}
    dialog{border:1px solid var(--line);border-radius:8px;background:var(--panel);color:var(--ink);padding:16px 20px;min-width:300px}
    dialog::backdrop{background:rgb(0 0 0/.35)}
    .keys td{border:0;padding:4px 12px 4px 0}

    """

  private static let content = """
    .scroll{position:relative;overflow-x:auto;margin:0 -16px;padding:0 16px}
    table{overflow-wrap:normal;border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px;min-width:100%}
    caption{text-align:left;color:var(--soft);font-size:12px;padding-bottom:8px}
    .live select{max-width:min(100%,320px)}
    select#live-name{max-width:min(100%,320px)}
    th,td{padding:6px 16px 6px 0;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
    thead th{color:var(--soft);font-weight:400;font-size:12px;white-space:nowrap}
    tbody th{font-weight:400}
    tbody tr:last-child>*{border-bottom:0}
    table.few{min-width:min(100%,520px)}
    table.wide thead th:first-child,table.wide tbody th[scope=row]{position:sticky;left:0;background:var(--panel)}
    th.num .name{max-width:20ch;vertical-align:bottom}
    table.few th.num .name{max-width:44ch}
    tr.total>*{font-weight:600}
    tr.total>th{font-weight:600}
    tr.grouped th{padding-top:16px;font-weight:600}
    a.narrow-to{color:inherit;text-decoration-color:var(--line)}
    a.narrow-to:hover{color:var(--accent);text-decoration-color:currentColor}
    .num{text-align:right;white-space:nowrap}
    th:last-child,td:last-child{padding-right:0}
    .name{overflow-wrap:anywhere;min-width:0}
    .belongs{overflow-wrap:anywhere;min-width:260px}
    td .name,th .name{display:inline-block;max-width:44ch;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;vertical-align:bottom}
    a.figure{text-decoration-style:dotted}
    tr:target{background:color-mix(in srgb,var(--accent) 12%,transparent)}
    td.values{min-width:220px}
    table.live{table-layout:fixed;min-width:640px;width:100%}
    table.live th:first-child{width:116px}
    table.live th:nth-child(2){width:200px}
    table.live td{overflow:hidden}
    table.live td .name{max-width:100%}
    .treated{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,270px),1fr));gap:2px 20px}
    .treated.keeps{margin-top:4px}
    .treated:empty{display:none}
    .treated li{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .treated .key{color:var(--soft);margin-right:4px;display:inline-block;max-width:16ch;overflow:hidden;text-overflow:ellipsis;vertical-align:bottom}
    .treated .what{display:inline-block;max-width:19ch;overflow:hidden;text-overflow:ellipsis;vertical-align:bottom;font-weight:600}
    .treated.keeps .what{font-weight:400}
    .nowrap{white-space:nowrap}
    dl.values{margin:0;display:grid;grid-template-columns:minmax(90px,150px) minmax(0,1fr);gap:2px 12px}
    dl.values dt{color:var(--soft);overflow-wrap:anywhere}
    dl.values dd{margin:0;overflow-wrap:anywhere}
    .choices{display:flex;flex-wrap:wrap;gap:4px;margin:0}
    .choices button{padding:1px 8px;min-height:26px;font-size:12px;line-height:18px;color:var(--soft)}
    .choices button:hover{color:var(--ink)}
    .choices button[aria-pressed=true]{background:var(--ink);border-color:var(--ink);color:var(--panel);cursor:default;opacity:1}
    .found{display:inline-block;border:1px solid var(--line);border-radius:12px;padding:1px 8px;font-size:12px;margin:0 2px 4px 0;white-space:nowrap}
    .found b{font-variant-numeric:tabular-nums;font-weight:600}
    .samples{margin-top:4px;display:flex;flex-wrap:wrap;gap:4px;font-weight:400}
    .samples span{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:12px;background:var(--ground);border-radius:4px;padding:0 6px}
    .plan td,.plan th{vertical-align:top}
    @media (max-width:800px){
      .plan thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
      .plan,.plan tbody,.plan tr,.plan th,.plan td{display:block;width:auto}
      .plan th,.plan td,.plan td.num{border:0;padding:2px 0;text-align:left}
      .plan tr{border-bottom:1px solid var(--line);padding:10px 0}
      .plan td.num br{display:none}
      .plan td[data-label]::before{content:attr(data-label) " ";color:var(--soft);font-size:12px}
    }
    .ranges.wraps{flex-wrap:wrap;justify-content:flex-end}
    #import textarea.code{min-height:300px}
    .warn.small{font-size:12px}
    td.state{min-width:180px}
    td.scopes{min-width:150px;max-width:320px}
    td .choices{flex-wrap:nowrap}
    form>details.more{margin-bottom:16px}
    form>details.more[open]>summary{margin-bottom:12px}
    pre.letter{white-space:pre-wrap;max-width:100ch}
    textarea.code{min-height:480px;white-space:pre;overflow:auto;margin-bottom:12px}
    .t-kept,.t-coarsened,.t-pseudonymized,.t-sealed,.t-dropped,.t-refused{font-size:12px;white-space:nowrap}
    .t-kept{color:var(--soft)}.t-coarsened,.t-pseudonymized{color:var(--accent)}.t-sealed{color:var(--sealed);font-weight:600}.t-dropped,.t-refused{color:var(--danger)}
    .reason{color:var(--soft);font-size:12px}
    .sealedvalue{color:var(--sealed);font-weight:600}
    .s-low,.s-medium,.s-high,.s-critical{font-size:12px;white-space:nowrap}
    .s-low{color:var(--soft)}.s-medium{color:var(--warning)}.s-high{color:var(--danger)}.s-critical{color:var(--danger);font-weight:600}
    .good{color:var(--good)}.danger{color:var(--danger)}.warn{color:var(--warning)}
    .waiting::before,.arrived::before{content:"";display:inline-block;width:8px;height:8px;border-radius:50%;margin-right:8px;background:var(--warning)}
    .arrived{color:var(--good);font-weight:600}.arrived::before{background:var(--good)}
    pre{background:var(--ground);border:1px solid var(--line);border-radius:6px;padding:12px;overflow-x:auto;margin:0 0 8px;line-height:1.5;tab-size:2}
    .secret{font-size:16px;overflow-wrap:anywhere;white-space:pre-wrap}
    .empty{color:var(--soft);padding:24px 0;max-width:72ch}
    .empty b{color:var(--ink)}
    .timeline{list-style:none;margin:0;padding:0}
    .timeline>li{border-bottom:1px solid var(--line);padding:10px 0;display:grid;grid-template-columns:150px minmax(0,1fr);gap:4px 16px}
    .timeline>li:last-child{border-bottom:0}
    .timeline time{color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap}
    .progress{list-style:none;display:flex;flex-wrap:wrap;gap:4px;margin:0 0 16px;padding:0;max-width:none}
    .progress>li{flex:1 1 110px;border-top:3px solid var(--line);padding:6px 2px 0;color:var(--soft);font-size:12px}
    .progress>li.done{border-top-color:var(--accent);color:var(--ink)}
    .progress>li[aria-current]{font-weight:600}
    .grid>.panel.chosen{border-color:var(--accent)}
    .due{margin:0 0 16px;max-width:none}
    #scope .tags{margin-bottom:4px}#scope .note,#scope>.row{margin-bottom:12px}
    input[type=search][name=subject]{width:min(100%,380px)}
    dl.values.wide{margin-bottom:12px;grid-template-columns:minmax(120px,260px) minmax(0,1fr);gap:6px 16px}
    .panel ul{margin:0 0 12px;padding-left:18px}
    .panel ul.plain{list-style:none;padding-left:0}
    .panel li>span{color:var(--ink)}
    .day{color:var(--soft);font-size:12px;padding:16px 0 4px;font-weight:600}
    .pages{display:flex;gap:12px;margin-top:12px}
    .bar-cell{display:block;height:6px;background:var(--s0);border-radius:3px;margin-top:8px}
    progress{appearance:none;width:120px;height:6px;vertical-align:middle;border:0;border-radius:3px;background:var(--line);overflow:hidden}
    progress::-webkit-progress-bar{background:var(--line)}
    progress::-webkit-progress-value{background:var(--accent);border-radius:3px}
    progress::-moz-progress-bar{background:var(--accent)}
    .menu{position:relative}
    .menu summary{cursor:pointer;color:var(--accent);list-style:none;white-space:nowrap}
    .menu ul{list-style:none;margin:4px 0 0;padding:0}
    .menu li{padding:2px 0}
    .floating{position:absolute;z-index:6;margin:0;padding:8px 12px;background:var(--panel);border:1px solid var(--line);border-radius:8px;box-shadow:0 6px 24px rgb(0 0 0/.16);white-space:nowrap}
    .floating ul{list-style:none;margin:0;padding:0}
    .floating li{padding:3px 0}
    .floating button.quiet,.menu button.quiet{padding:0}
    dialog form{margin:12px 0 0}
    tr.first>*{border-top:1px solid var(--soft)}
    details.more>summary{color:var(--soft);cursor:pointer;width:fit-content;font-size:12px;margin-top:12px}
    @media (max-width:800px){.scroll{margin:0 -12px;padding:0 12px}.timeline>li{grid-template-columns:1fr}table.live{min-width:0}table.live,.live tbody,.live tr,.live td{display:block;width:auto}.live thead{display:none}.live tr{border-bottom:1px solid var(--line);padding:8px 0}.live td{border:0;padding:2px 0}.treated li{white-space:normal}td .name,th .name{max-width:24ch}.query{font-size:15px}}

    """

  private static let charts = """
    .chart{display:block;width:100%;height:auto;overflow:visible;margin:8px 0}
    .chart.wide{max-width:1280px}
    .chart.small{max-width:620px}
    .chart.narrow,.legend.narrow,.narrow-only{display:none}
    h3.charted{margin-top:16px}
    .line.before{stroke-width:1;opacity:.7}
    .chart.flows{min-width:760px}
    @media (max-width:640px){.chart.wide,.legend.wide{display:none}.chart.narrow,.narrow-only{display:block}.legend.narrow{display:flex}}
    .chart text{font-size:12px;fill:var(--ink)}
    .chart text.t{fill:var(--soft)}
    .chart text.label{font-size:13px}
    .chart text.big{font-size:16px;font-weight:600}
    .chart text.num,.chart text.big{font-variant-numeric:tabular-nums}
    .chart .halo{paint-order:stroke;stroke:var(--panel);stroke-width:4px;stroke-linejoin:round}
    .grid-line,.chart .grid{stroke:var(--line);stroke-width:1}
    .chart .axis{stroke:var(--soft);stroke-width:1}
    .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
    .line.d1{stroke-dasharray:8 4}.line.d2{stroke-dasharray:2 4}
    .line.open{stroke-dasharray:3 4;stroke-linecap:butt}
    .line.s0,.dot.s0{stroke:var(--s0)}.line.s1,.dot.s1{stroke:var(--s1)}.line.s2,.dot.s2{stroke:var(--s2)}.line.s3,.dot.s3{stroke:var(--s3)}
    .line.s4,.dot.s4{stroke:var(--s4)}.line.s5,.dot.s5{stroke:var(--s5)}.line.s6,.dot.s6{stroke:var(--s6)}.line.s7,.dot.s7{stroke:var(--s7)}
    .dot{stroke-width:2}
    .dot.s0{fill:var(--s0)}.dot.s1{fill:var(--s1)}.dot.s2{fill:var(--s2)}.dot.s3{fill:var(--s3)}.dot.s4{fill:var(--s4)}.dot.s5{fill:var(--s5)}.dot.s6{fill:var(--s6)}.dot.s7{fill:var(--s7)}
    .dot.hollow{fill:var(--panel)}
    .bar.s0,.node.s0{fill:var(--s0)}.bar.s1{fill:var(--s1)}.bar.s2{fill:var(--s2)}.bar.s3{fill:var(--s3)}.bar.s4{fill:var(--s4)}.bar.s5{fill:var(--s5)}.bar.s6{fill:var(--s6)}.bar.s7,.node.s7{fill:var(--s7)}
    .bar.piece{stroke:var(--panel);stroke-width:1}
    .bar.piece.open{opacity:.5}
    .hatch{stroke-width:2;opacity:.55}
    .hatch.s0{stroke:var(--s0)}.hatch.s1{stroke:var(--s1)}.hatch.s2{stroke:var(--s2)}.hatch.s3{stroke:var(--s3)}.hatch.s4{stroke:var(--s4)}.hatch.s5{stroke:var(--s5)}.hatch.s6{stroke:var(--s6)}.hatch.s7{stroke:var(--s7)}
    .lost{stroke:var(--line);stroke-width:1}
    .arrow{stroke:var(--soft);fill:none;stroke-width:1}
    .hit{fill:transparent}
    .band:hover .hit{fill:var(--line);opacity:.35}
    .door{cursor:pointer}
    .door:focus-visible{outline:none}
    .door:focus-visible .dot,.door:hover .dot{stroke-width:6}
    .door:focus-visible .bar,.door:focus-visible .lost,.door:hover .bar,.door:hover .lost,.door:focus-visible .node{stroke:var(--ink);stroke-width:2}
    .tip{display:none;pointer-events:none}
    .door:focus-visible .tip,.door:hover .tip,.tip.raised{display:block}
    .tipbox{fill:var(--ink);rx:4px}
    .chart text.tiptext{fill:var(--panel)}
    .node.end{fill:var(--line);stroke:var(--soft);stroke-width:1}
    .ribbon{opacity:.28;fill:var(--s0)}.ribbon.other{fill:var(--s7)}.ribbon.end{fill:var(--soft);opacity:.16}
    .ribbon:hover{opacity:.55}
    .panel>.legend:first-child{margin:0 0 12px}
    .tags{max-width:none;margin:12px 0 0;line-height:2}
    .legend{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:4px 0 0;padding:0;font-size:12px}
    .legend li{display:flex;gap:6px;align-items:center;max-width:100%;min-width:0}
    .legend svg{flex:none}
    .legend .name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;max-width:36ch}
    table.heat{min-width:0;border-collapse:separate;border-spacing:2px}
    table.heat th,table.heat td{border:0;padding:6px 7px;white-space:nowrap}
    table.heat thead th:first-child{padding-left:0;position:sticky;left:0;background:var(--panel)}
    table.heat th[scope=row]{padding-left:0;position:sticky;left:0;background:var(--panel)}
    table.heat tr.average>*{font-weight:600}
    table.heat td a{color:inherit;text-decoration:none}
    table.heat td a:hover{text-decoration:underline}
    table.heat td{min-width:52px}
    table.heat td.open{outline:1px dashed currentColor;outline-offset:-1px}
    table.heat td.start{background:color-mix(in srgb,var(--line) 40%,var(--panel))}
    .h0{background:var(--h0);color:var(--ht0)}.h1{background:var(--h1);color:var(--ht1)}.h2{background:var(--h2);color:var(--ht2)}.h3{background:var(--h3);color:var(--ht3)}
    .h4{background:var(--h4);color:var(--ht4)}.h5{background:var(--h5);color:var(--ht5)}.h6{background:var(--h6);color:var(--ht6)}.h7{background:var(--h7);color:var(--ht7)}.h8{background:var(--h8);color:var(--ht8)}
    @media (prefers-reduced-motion:no-preference){.side nav a,button{transition:background .1s,border-color .1s}}
    @media print{.side,.top,.actions,.run{display:none}body{display:block}}

    """
}
