from counterfoil.site.cli import main

main()
