/**
 * The way to a node, whatever it is made of. Enters: a node id, and what is to be said or carried
 * there. Leaves: the answer of a call, or a stream. The only way so far is direct: HTTP/2 over TCP
 * to the address that the member's signed record names; in mutual TLS the node's certificate must
 * be of the id dialled. A node of another mesh is met once at an address that its certificate
 * names, then dialled by its id too.
 */
package dev.weft.dial;
