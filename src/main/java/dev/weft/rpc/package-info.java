/** gRPC both ways, knowing neither nodes nor ways. */
package dev.weft.rpc;
