/**
 * Paths by UDP straight from this node's port to other nodes', through the NATs between.
 *
 * <p>Both sides send to each other until each has heard that the other hears it; where there is no
 * NAT before the other, one side is enough. Then the path is kept alive, and missed when it falls
 * silent. All datagrams begin with the same four bytes, in which QUIC's and STUN's differ:
 *
 * <pre>
 *   0a 'w' 'p' 01  1 hello  session 8, key 32 (X25519), certificate 2 + n, signature 2 + n
 *   0a 'w' 'p' 01  2 probe  to session 8, from session 8, counter 8, padding, MAC 16
 *   0a 'w' 'p' 01  3 echo   to session 8, from session 8, counter 8, the probe's counter 8, where the
 *                           probe came from: address 16 (IPv4 mapped), port 2; MAC 16
 * </pre>
 *
 * <p>Numbers are big-endian. A session is one run of a node. The signature is ECDSA over "weft
 * punch hello 1" and all before it. A MAC is HMAC-SHA256, cut to 16 bytes, over all before it; its
 * key comes from both sessions' keys, their ids and the nodes' ids, another one for each direction.
 * A node's counter only grows. A path stands once a probe of 1,350 bytes was echoed from where it
 * was sent, so nothing that is replayed or forged makes one, moves one or keeps one alive.
 */
package dev.weft.reach.path;
