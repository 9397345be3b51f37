/**
 * The connections of one proxy: which nodes were added, whether they can be reached, and what runs
 * over them.
 *
 * <pre>
 *            trying            reached               stream opened
 *   new ───▶ punching ───▶ established ◀───▶ composed(n streams)
 *               ▲   │           │    stream ended     │
 *        trying │   └────┐      └────────┬────────────┘ lost: the streams are reset
 *               └────── lost ◀───────────┘
 *
 *   any ───▶ removed
 * </pre>
 */
package dev.weft.proxy.track;
