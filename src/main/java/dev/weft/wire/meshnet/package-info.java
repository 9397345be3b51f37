/**
 * Makes this node a daemon of meshnet ({@code meshnet.v1beta1}, TCP 51111) as well: wire ends for
 * meshnet's CNI plugin and for foreign daemons, VXLAN ends, and what the plugin asks about pods.
 *
 * <p>Enters: the services {@code Local} and {@code Remote}; the links of pods, from the room that
 * keeps topologies. Leaves: ends that stand in the data path; the answers; and what plugins say
 * about pods, to all members, in the common table {@code meshnet}: {@code pod/<ns>/<name>} is a
 * {@link dev.weft.wire.meshnet.PodState}, and {@code skip/<ns>/<pod>/<uid>/<peer>} says that the
 * pod waits for that peer on that link.
 *
 * <pre>
 *   plugin's ADD                                   plugin's DEL
 *     Local.Get, Local.SetAlive                      Local.RemGRPCWire
 *     per link, once the peer is alive:              Local.SetAlive without address and namespace
 *       Local.GRPCWireExists                         per link:
 *       Local.GenerateNodeInterfaceName                Remote.GRPCWireDownRemote   at the peer
 *       Remote.AddGRPCWireRemote  at the peer          Local.SkipReverse
 *       Local.AddGRPCWireLocal
 *     a peer that is not alive: Local.Skip
 * </pre>
 *
 * <p>Kernel interface: node ends carry the alias {@code weft:<node id>:meshnet:<wire id>}, VXLAN
 * devices {@code weft:<node id>:vxlan:<vni>}.
 */
package dev.weft.wire.meshnet;
