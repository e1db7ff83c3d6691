-- Server-to-server only, in the foreground, as any uid.
local dir = "$dir/"
run_as_root = true -- uid 0 of a user namespace is no root
pidfile = dir .. "pid"
data_path = dir
plugin_paths = {}
log = { { levels = { min = "info" }, to = "file", filename = dir .. "log" } }

-- libunbound denies all of "test." (RFC 6761) unless told otherwise
unbound = {
    resolvconf = false, hoststxt = false, forward = "127.0.0.53@$dns_port",
    options = { ["local-zone:"] = "test. transparent" },
}

interfaces = { "$address" }
s2s_ports = { $s2s_port }
s2s_direct_tls_ports = { $direct_port }
c2s_ports = {}
c2s_direct_tls_ports = {}
http_ports = {}
https_ports = {}
modules_disabled = { "c2s", "offline" }
modules_enabled = { "disco", "tls", "dialback", "saslauth", "ping", "s2s_bidi", "smacks", "posix", "time",
    "version", "admin_telnet" }
console_interfaces = { "$address" }
console_ports = { 5582 }
component_interfaces = { "$address" }
component_ports = { 5347 }
storage = "memory"
authentication = "internal_hashed"

s2s_secure_auth = $secure_auth -- or dialback will do
s2s_require_encryption = $require_encryption
ssl = {
    certificate = "$ca_dir/$certificate.pem", key = "$ca_dir/$certificate.key",
    cafile = "$ca_dir/ca.pem", capath = false,
    protocol = "$protocol",
}

VirtualHost "$domain"
Component "tool.$domain"
    component_secret = "secret"
