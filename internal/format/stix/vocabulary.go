package stix

import "strings"

// vocabulary is one of the lists of STIX 2.1 §10. Whether it is open or
// closed is said where it is used.
type vocabulary struct {
	name    string
	section string
	words   map[string]bool
}

// words makes a vocabulary of space-separated words.
func words(name, section, list string) vocabulary {
	v := vocabulary{name, section, map[string]bool{}}
	for w := range strings.FieldsSeq(list) {
		v.words[w] = true
	}
	return v
}

var (
	specVersions = words("the versions 2.0 and 2.1", "3.2", "2.0 2.1")

	accountTypes = words("account-type-ov", "10.1",
		"facebook ldap nis openid radius skype tacacs twitter unix windows-local windows-domain")
	motivations = words("attack-motivation-ov", "10.2",
		`accidental coercion dominance ideology notoriety organizational-gain personal-gain
		personal-satisfaction revenge unpredictable`)
	resourceLevels = words("attack-resource-level-ov", "10.3",
		"individual club contest team organization government")
	encryptionAlgorithms = words("encryption-algorithm-enum", "10.4",
		"AES-256-GCM ChaCha20-Poly1305 mime-type-indicated")
	extensionTypes = words("extension-type-enum", "10.5",
		"new-sdo new-sco new-sro property-extension toplevel-property-extension")
	groupingContexts = words("grouping-context-ov", "10.6",
		"suspicious-activity malware-analysis unspecified")
	identityClasses = words("identity-class-ov", "10.8",
		"individual group system organization class unspecified")
	implementationLanguages = words("implementation-language-ov", "10.9",
		`applescript bash c c++ c# go java javascript lua objective-c perl php powershell python ruby
		scala swift typescript visual-basic x86-32 x86-64`)
	indicatorTypes = words("indicator-type-ov", "10.10",
		"anomalous-activity anonymization benign compromised malicious-activity attribution unknown")
	sectors = words("industry-sector-ov", "10.11",
		`agriculture aerospace automotive chemical commercial communications construction defense
		education energy entertainment financial-services government emergency-services
		government-local government-national government-public-services government-regional
		healthcare hospitality-leisure infrastructure dams nuclear water insurance manufacturing
		mining non-profit pharmaceuticals retail technology telecommunications transportation utilities`)
	infrastructureTypes = words("infrastructure-type-ov", "10.12",
		`amplification anonymization botnet command-and-control control-system exfiltration firewall
		hosting-malware hosting-target-lists phishing reconnaissance routers-switches staging
		workstation unknown`)
	malwareResults = words("malware-result-ov", "10.14", "malicious suspicious benign unknown")
	capabilities   = words("malware-capabilities-ov", "10.13",
		`accesses-remote-machines anti-debugging anti-disassembly anti-emulation anti-memory-forensics
		anti-sandbox anti-vm captures-input-peripherals captures-output-peripherals
		captures-system-state-data cleans-traces-of-infection commits-fraud communicates-with-c2
		compromises-data-availability compromises-data-integrity compromises-system-availability
		controls-local-machine degrades-security-software degrades-system-updates
		determines-c2-server emails-spam escalates-privileges evades-av exfiltrates-data
		fingerprints-host hides-artifacts hides-executing-code infects-files infects-remote-machines
		installs-other-components persists-after-system-reboot prevents-artifact-access
		prevents-artifact-deletion probes-network-environment self-modifies
		steals-authentication-credentials violates-system-operational-integrity`)
	malwareTypes = words("malware-type-ov", "10.15",
		`adware backdoor bot bootkit ddos downloader dropper exploit-kit keylogger ransomware
		remote-access-trojan resource-exploitation rogue-security-software rootkit screen-capture
		spyware trojan unknown virus webshell wiper worm`)
	addressFamilies = words("network-socket-address-family-enum", "10.16",
		"AF_UNSPEC AF_INET AF_IPX AF_APPLETALK AF_NETBIOS AF_INET6 AF_IRDA AF_BTH")
	socketTypes = words("network-socket-type-enum", "10.17",
		"SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET")
	opinions = words("opinion-enum", "10.18",
		"strongly-disagree disagree neutral agree strongly-agree")
	patternTypes  = words("pattern-type-ov", "10.19", "stix pcre sigma snort suricata yara")
	architectures = words("processor-architecture-ov", "10.20",
		"alpha arm ia-64 mips powerpc sparc x86 x86-64")
	regions = words("region-ov", "10.21",
		`africa eastern-africa middle-africa northern-africa southern-africa western-africa americas
		caribbean central-america latin-america-caribbean northern-america south-america asia
		central-asia eastern-asia southern-asia south-eastern-asia western-asia europe eastern-europe
		northern-europe southern-europe western-europe oceania antarctica australia-new-zealand
		melanesia micronesia polynesia`)
	reportTypes = words("report-type-ov", "10.22",
		`attack-pattern campaign identity indicator intrusion-set malware observed-data
		threat-actor threat-report tool vulnerability`)
	actorTypes = words("threat-actor-type-ov", "10.23",
		`activist competitor crime-syndicate criminal hacker insider-accidental insider-disgruntled
		nation-state sensationalist spy terrorist unknown`)
	actorRoles = words("threat-actor-role-ov", "10.24",
		"agent director independent infrastructure-architect infrastructure-operator malware-author sponsor")
	sophistications = words("threat-actor-sophistication-ov", "10.25",
		"none minimal intermediate advanced expert innovator strategic")
	toolTypes = words("tool-type-ov", "10.26",
		`denial-of-service exploitation information-gathering network-capture credential-exploitation
		remote-access vulnerability-scanning unknown`)
	integrityLevels = words("windows-integrity-level-enum", "10.27", "low medium high system")
	peTypes         = words("windows-pebinary-type-ov", "10.28", "dll exe sys")
	registryTypes   = words("windows-registry-datatype-enum", "10.29",
		`REG_NONE REG_SZ REG_EXPAND_SZ REG_BINARY REG_DWORD REG_DWORD_BIG_ENDIAN
		REG_DWORD_LITTLE_ENDIAN REG_LINK REG_MULTI_SZ REG_RESOURCE_LIST
		REG_FULL_RESOURCE_DESCRIPTION REG_RESOURCE_REQUIREMENTS_LIST REG_QWORD REG_INVALID_TYPE`)
	serviceStarts = words("windows-service-start-type-enum", "10.30",
		`SERVICE_AUTO_START SERVICE_BOOT_START SERVICE_DEMAND_START SERVICE_DISABLED
		SERVICE_SYSTEM_ALERT`)
	serviceTypes = words("windows-service-type-enum", "10.31",
		`SERVICE_KERNEL_DRIVER SERVICE_FILE_SYSTEM_DRIVER SERVICE_WIN32_OWN_PROCESS
		SERVICE_WIN32_SHARE_PROCESS`)
	serviceStates = words("windows-service-status-enum", "10.32",
		`SERVICE_CONTINUE_PENDING SERVICE_PAUSE_PENDING SERVICE_PAUSED SERVICE_RUNNING
		SERVICE_START_PENDING SERVICE_STOP_PENDING SERVICE_STOPPED`)
)
