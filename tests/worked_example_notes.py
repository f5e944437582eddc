"""Where an article is wrong or leaves something out, and why, by case."""

_SHIFTED = "dollars were shifted by three decimals"
_NOT_FROM_ITS_TABLE = "does not follow from the hourly price and the throughput that the article gives for this node"
_THOUSAND = "divides dollars per hour by 1,000 instead of by 3,600 seconds: 3.6 times too high"
_WHOLE_HOUR_TWICE = (
    "both streams run at once, so a sum of the two prices pays the host twice; over all tokens it is $0.31"
)
_SAYS_60 = "the text says 60 % utilisation, the figure is that of 100 %"
_INHERITED = "right from a daily figure that is wrong itself"
_IMPOSSIBLE = "right from a request rate that the same article's measurements rule out by a factor of 333 or more"
_ANSWER_TOO = "fits 50,800 tokens, as if the 300 of the answer were input; the prompt alone rounds to"
_ROUNDED = "from a factor or a price that was rounded before"
_R1 = "needs about 4,255 thinking tokens; the article counts 4,000"
_GEMINI_QUERY = "1,500 x $1.25/M + 300 x $5/M"

NOTES = {
    "w000-L79-ds-distill": "only if $0.05 holds for input and for output; as the sum of both it would be half",
    "w000-L85-llama-total": _SHIFTED,
    "w000-L91-qwen-total": _SHIFTED,
    "w000-L39-summary-ds": "its own later section has it right",
    "w000-L39-summary-llama": "bills the input at the output's rate and leaves the output out",
    "w003-L163-q-opus": "cut off rather than rounded",
    "w003-L193-out": _WHOLE_HOUR_TWICE,
    "w003-L194-in": _WHOLE_HOUR_TWICE,
    "w003-L201-out": "rounds 1/0.3 to 3.3",
    "w003-L202-out": _ROUNDED,
    "w003-L202-in": _ROUNDED,
    "w003-L213-ops-30": "cut off rather than rounded",
    "w003-L222-lo": _NOT_FROM_ITS_TABLE,
    "w003-L222-hi": _NOT_FROM_ITS_TABLE,
    "w003-L223-lo": _NOT_FROM_ITS_TABLE,
    "w003-L223-hi": _NOT_FROM_ITS_TABLE,
    "w003-L224-lo": _NOT_FROM_ITS_TABLE,
    "w003-L224-hi": _NOT_FROM_ITS_TABLE,
    "w003-L290-step": _THOUSAND,
    "w003-L291-step": _THOUSAND,
    "w003-L293-step": _THOUSAND,
    "w003-L64-two-h100": "a fifth of what its detailed section gives for the same hardware",
    "w003-L962-mtok-h100": _SAYS_60,
    "w003-L965-mtok-b200": _SAYS_60,
    "w003-L967-mtok-gh200": _SAYS_60,
    "w003-L962-mtok-h100-60": _SAYS_60,
    "w003-L963-owned-hour": "power at $15k a year would be $0.17/kWh for 10 kW, or a PUE of 1.7 at $0.10",
    "w003-L1597-qps": "5,000 requests/s would be 333 times the output that it measures on this node",
    "w003-L1598-qps-b200": "12,000 requests/s would be 400 times the output that it gives for this node",
    "w003-L1602-tok-h200": _IMPOSSIBLE,
    "w003-L1607-m-h200": _IMPOSSIBLE,
    "w003-L1608-m-b200": _IMPOSSIBLE,
    "w003-L1614-m-h200-25": _IMPOSSIBLE,
    "w003-L1623-capacity": "550 times less than the 39.5 trillion a few lines before it",
    "w003-L1348-pair-breakeven": "10 billion tokens cost $6,900 there, a third of the node",
    "w003-L1621-avg8": "$8 is neither the mean of the two prices ($9) nor that of its 200 in, 300 out",
    "w003-L1621-be-tokens": "right from the $8 that its request shape does not give; at $10.20 it is 15.5 billion",
    "w003-L688-gemini-graduated": "the provider bills the whole prompt at the higher rate once it passes 200k: $1.25",
    "w003-L1734-lc-ten": "without storage: $2.25 for the hour would cut the saving from 65 % to 48 %",
    "w003-L860-daily-sonnet": "leaves out 300 output tokens per message ($450), which its uncached figure has",
    "w003-L861-daily-gpt4o": "leaves out the output, and reads at a quarter of the input price where its table says half",
    "w003-L861-write-gpt4o": f"{_ANSWER_TOO} $0.126",
    "w003-L862-write-gemini": f"{_ANSWER_TOO} $0.063",
    "w003-L862-read-gemini": "rounded up",
    "w003-L868-annual-with-sonnet": _INHERITED,
    "w003-L869-annual-with-gpt4o": _INHERITED,
    "w003-L870-annual-with-gemini": _INHERITED,
    "w003-L868-annual-saving-sonnet": _INHERITED,
    "w003-L869-annual-saving-gpt4o": _INHERITED,
    "w003-L870-annual-saving-gemini": _INHERITED,
    "w003-L871-annual-saving-deepseek": _INHERITED,
    "w003-L1320-cache-1h": "one avoided re-write pays the longer lifetime; reads themselves keep the short one alive",
    "w003-L1567-w5": "200 writes for 1,000 calls are 4 reads per write, not 5",
    "w003-L1570-cut-lo": "its own example gives three times, not four",
    "w003-L997-retry-1": "that three retries add 3 % holds only where a failed call fails every time; else 1.01 %",
    "w003-L999-fallback": "if both models cost the same and the failed call is billed",
    "w003-L1690-route-save": "from means per query that the article assumes",
    "w003-L316-opus16k": "fits 12,400 output tokens; 12,000 thinking and 500 visible are 12,500",
    "w003-L318-gemini": "rounded up; 1,000 x $1.25/M + 3,500 x $5/M",
    "w003-L352-image": "twice the same query without its image, not twice its own text example",
    "w003-L500-s-opus": "exactly five times Sonnet, as both of its rates are",
    "w003-L501-s-cache": "the output alone is $0.225, and no input can be cheaper than nothing",
    "w003-L504-s-o3": "is the price of 1,500 in and another amount of thinking",
    "w003-L1159-q-gpro": _GEMINI_QUERY,
    "w003-L1159-day-gpro": _GEMINI_QUERY,
    "w003-L1162-q-r1": _R1,
    "w003-L1162-day-r1": _R1,
    "w003-L1479-mix-gpro": "a sum of many calls: no long-context tier applies to it",
    "w003-L1710-kv100": "for 128,000 tokens without grouped heads, at which one user takes four H100s",
}
